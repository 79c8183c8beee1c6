package tidy

import (
	"regexp"
	"strings"
)

// markdownPage is a page cut into what the rules look at.
type markdownPage struct {
	prose []string // lines outside code blocks, by index; code blocks are empty lines here
	code  []string // lines of code blocks, fenced or indented, and the spans between backquotes, by line
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// parseMarkdown knows as much of Markdown as our pages use: fences, blocks indented by four after an empty line, and
// code spans within one line. HTML comments are dropped.
func parseMarkdown(text string) markdownPage {
	lines := strings.Split(dropComments(text), "\n")
	page := markdownPage{prose: make([]string, len(lines)), code: make([]string, len(lines))}
	fence := ""
	indented := false
	blank := true
	list := false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence != "":
			if strings.HasPrefix(trimmed, fence) {
				fence = ""
			} else {
				page.code[i] = line
			}
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			fence = trimmed[:3]
		case strings.HasPrefix(line, "    ") && (indented || blank) && !list:
			indented = true
			page.code[i] = line
		default:
			if trimmed != "" {
				indented = false
				list = isListItem(trimmed) || list && strings.HasPrefix(line, " ")
			}
			page.prose[i] = line
			var spans []string
			for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
				spans = append(spans, m[1])
			}
			page.code[i] = strings.Join(spans, "\n")
		}
		blank = trimmed == ""
	}
	return page
}

var listItem = regexp.MustCompile(`^([-*+]|\d+[.)]) `)

func isListItem(trimmed string) bool { return listItem.MatchString(trimmed) }

var htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)

// dropComments blanks HTML comments and keeps the line numbers.
func dropComments(text string) string {
	return htmlComment.ReplaceAllStringFunc(text, func(s string) string {
		return strings.Repeat("\n", strings.Count(s, "\n"))
	})
}
