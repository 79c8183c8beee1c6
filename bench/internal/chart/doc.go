// Package chart draws the two kinds of chart that the bench's page has: lines, and bars with intervals. They are SVG made
// from a template, without a script.
//
// No charting library was found that does what the page needs. gonum/plot and go-chart write colours and fonts into the
// file, so that it cannot follow the reader's light or dark theme; both fix the width, so that text shrinks on a narrow
// screen; neither gives a chart a title and a description for a screen reader, or draws intervals at bars. go-echarts needs
// a megabyte of script. Here a place on an axis is a percentage and a size of text is the page's, so one drawing fits
// every width, and every colour is a class. The places of marks on linear axes are the library go-moremath's.
package chart
