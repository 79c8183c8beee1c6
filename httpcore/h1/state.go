package h1

// state is where a Parser stands: what the next byte is. Those from stateDone on need no byte to move on.
type state uint8

const (
	stateDead state = iota // the zero Parser, or one that has refused something
	stateStart
	stateStartLF

	stateMethod
	stateTargetStart
	stateTarget
	stateTargetEnd
	stateScheme
	stateSchemeSlash
	stateAuthority
	statePreface

	stateHTTP
	stateMajor
	stateDot
	stateMinor
	stateRequestCR
	stateStatusSP
	stateStatusCode
	stateStatusEnd
	stateReason
	stateStartLineLF

	stateFieldStart
	stateName
	stateValueStart
	stateValue
	stateFieldLF
	stateSectionLF

	stateBody
	stateUntilClose
	stateChunkSize
	stateChunkBWS
	stateExtStart
	stateExtName
	stateExtNameBWS
	stateExtValueStart
	stateExtValue
	stateExtQuoted
	stateExtEscape
	stateExtBWS
	stateChunkLF
	stateChunkData
	stateChunkDataCR
	stateChunkDataLF

	stateClosed

	stateDone
	stateUpgraded
	statePrefaced
)

// eager reports whether the state moves on without a byte.
func (s state) eager() bool { return s >= stateDone }
