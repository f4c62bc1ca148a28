import Testing

@testable import SallyportProxy

@Suite struct DateFieldTests {
    /// Against `date -u -d @N '+%a, %d %b %Y %H:%M:%S GMT'`.
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ] as [(Int64, String)])
    func writesTheFormOfTheRFC(seconds: Int64, text: String) {
        #expect(DateField.text(at: seconds) == text)
    }
}
