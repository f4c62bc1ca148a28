extension Reason {
    package static let requestHeadTimeout = Reason(
        4090, "The request head did not arrive in time", status: 408, origin: .client,
        explanation: "The client opened a connection or began a request and did not send the whole head within ten seconds.",
        fix: "Nothing on a good network; many of these from one address are an attack that this deadline stops.")
    package static let requestContentTimeout = Reason(
        4091, "The request content arrives too slowly", status: 408, origin: .client,
        explanation: "After twenty seconds of grace the client sent fewer than 500 bytes of content a second.",
        fix: "Nothing on a good network; send large content from a client with a faster link.")
    package static let clientStalled = Reason(
        4092, "The client does not read", status: nil, origin: .client,
        explanation: "While content of a response waited for it, the client took less than 500 bytes a second over 30 seconds.",
        fix: "Have the client read, or close the connection when it wants no more.")

    static let deadlineReasons = [requestHeadTimeout, requestContentTimeout, clientStalled]
}
