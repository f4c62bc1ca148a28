import LibFuzzer

// The first line is a traceparent, the others are tracestate; all of it is an Accept field as well.
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    fuzzTelemetry([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}
