/// Copies the field lines that go on to the next hop, in order, each as `name: value`. Lines that stand so already
/// and follow one another are copied in one go.
func writeForwardedFields(_ fields: borrowing [Field], of bytes: borrowing [UInt8], into out: inout [UInt8]) {
    var run = 0..<0
    for index in fields.indices where fields[index].isForwarded {
        let field = fields[index]
        guard field.isCanonical(in: bytes) else {
            out.append(run, of: bytes)
            run = 0..<0
            out.append(field.nameRange, of: bytes)
            out.append(": ")
            out.append(field.valueRange, of: bytes)
            out.append("\r\n")
            continue
        }
        let line = field.nameRange.lowerBound..<field.valueRange.upperBound + 2
        if run.upperBound == line.lowerBound {
            run = run.lowerBound..<line.upperBound
        } else {
            out.append(run, of: bytes)
            run = line
        }
    }
    out.append(run, of: bytes)
}

/// The one statement about the length of a message that the gateway makes (RFC 9112 §6).
func writeFraming(_ framing: BodyFraming, into out: inout [UInt8]) {
    switch framing {
    case .none, .untilClose: break
    case .length(let length):
        out.append("Content-Length: ")
        out.append(decimal: length)
        out.append("\r\n")
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    }
}

extension Field {
    /// Whether the line is `name`, colon, one space, value, CR LF and nothing more. A value that is followed by
    /// blanks has no CR behind it.
    fileprivate func isCanonical(in bytes: borrowing [UInt8]) -> Bool {
        valueStart == nameEnd + 2 && bytes[Int(nameEnd)] == ASCII.colon && bytes[Int(nameEnd) + 1] == ASCII.space
            && bytes[Int(valueEnd)] == ASCII.carriageReturn
    }
}
