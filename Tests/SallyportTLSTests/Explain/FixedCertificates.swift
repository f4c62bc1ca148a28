import Foundation

/// Client certificates that swift-crypto would not make, made with OpenSSL: CN=alice by CN=Test Root, serial 77, valid
/// from 2026-11-23 to 2036-11-20. Their keys are thrown away.
enum FixedCertificates {
    /// RSA with 1,024 bits.
    static let weakKey = der(
        """
        MIICkDCCAXigAwIBAgIBTTANBgkqhkiG9w0BAQsFADAUMRIwEAYDVQQDDAlUZXN0IFJvb3QwHhcNMjYxMTIzMTY0NzM3WhcNMzYxMTIwMTY0Nz\
        M3WjAQMQ4wDAYDVQQDDAVhbGljZTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAyCQ1Wu70Y+Uho14+SbSbzX+UiHOoSZMWyuCTey7D+7XQ\
        jAlKzw74OOzRwDyOUifJAcHDvj2Cjz3Ulcxc+cToPtSetMJSiWh32rxAnG8JNdassxazYuwqGcX3vgBs572YCOIQRvRAoB5NOGiKC58uqXRLxY\
        YhhnvHZnfdS8UHtMcCAwEAAaN1MHMwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0OBBYE\
        FFoq4RC0QaSFfO9Iyjkxv83nuHWqMB8GA1UdIwQYMBaAFG6o4FIjgLO6swnGzFbkEpUBmGyrMA0GCSqGSIb3DQEBCwUAA4IBAQAp2JOL3NNg+l\
        02o4NcYjuiZu3rL+L/QahF5L5js2XS/QbYyrIEpPUC3Ix2zKWT3MqKU7FXS0/uCgvHXiUrQx0rxah0AEZZiGceepD02+30/+Kj2O9w7Ef22yeb\
        3Laab2NCoF/tG6UXaRe1jKtxTBrCHTmJZmxasNz1W+7gfnlb2S1xXfJeKca6Eo8RoPIwGH2clQ04pk/QFwu9+ySkUWGwEg39NCaeBS7p/kSFg4\
        8MBHZZbejcGlinyqag13j6sSwPlW8oejqTgeoMBKNUipGEYQCFf9W/a743Tmx+wSQX6JLpQhrEaNK6Mg9xcNRPIn/g92gBEFqOo7ePbax9vyAP\

        """)
    /// Signed with RSA and SHA-1.
    static let sha1 = der(
        """
        MIIDFDCCAfygAwIBAgIBTTANBgkqhkiG9w0BAQUFADAUMRIwEAYDVQQDDAlUZXN0IFJvb3QwHhcNMjYxMTIzMTY0NzM3WhcNMzYxMTIwMTY0Nz\
        M3WjAQMQ4wDAYDVQQDDAVhbGljZTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAPTKwawFZXi0bqhaehh5xX/RRBH/ibTdfley4EYv\
        8K7mI0At+dTqJiqYRRU8b3Arq1dKz/DsRjEhL6ypPa1/23mbcEznRTnswnuOQqCLUKYx59iY7hmw6map4qnU4fzskxm0ojmV7oe3u/pRnY2ALn\
        DRSuM8I2wcKsjNU7hDFOj8OAGlA6tEV9bj/jZlIcpu5x1hsoA20CR5icbIUj3XMijbTFUyoxDulCQ9fBhAs1Y+SPY37Oao3Eddl2gzRuqBsP3v\
        qUzU0jclmr2sRaauX6tZ+whXWibP56EirdhGlUkX8bdrhqncVU8wyt4Qfmv+VUDTupCaWYUtImruPsiFUHcCAwEAAaN1MHMwDAYDVR0TAQH/BA\
        IwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0OBBYEFLxXZ4Bpq3ENmtbuXrSRPfUblTBoMB8GA1UdIwQYMBaA\
        FG6o4FIjgLO6swnGzFbkEpUBmGyrMA0GCSqGSIb3DQEBBQUAA4IBAQCeMNQ7kgSPKVpq6WScdM641jUczJwclOvJF9hWrUyRCbcH1n1VIOxpbn\
        qmneTSrz5N4S3xn2pyGoaDkyhSRzljfybblvddmxaQOCX5E+CT1XNSa8P0Zpk4Nj+vAPoGHVw2tZXK6Sm9Pi8onHcohrzSlTDqpbNMzzvGQQL7\
        Jzfc/BvRO/THfel+1y7ij/uh5Q7ZhTLJNuC5OvdzZ35r3hAtuxTt2kBjjo7tKi4mY1X8dFTm1/se5CKDJe4LPJIlV4RYmnNpCrSuEUtOvR0xw4\
        NVzf/6L3LhuBQEUNBWYES3h/gPMQ5AJLcBjSf3evHJRDHlTV255i6U77Na7znfuWDW\

        """)

    private static func der(_ base64: String) -> [UInt8] {
        Array(Data(base64Encoded: base64.filter { !$0.isWhitespace }) ?? Data())
    }
}
