// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(name: "sallyport", path: ".."),
    ],
    targets: [
        .executableTarget(
            name: "FilterChain",
            dependencies: [
                "CAllocationCount",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "LimitDecision",
            dependencies: [.product(name: "SallyportEngines", package: "sallyport")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "ObservabilityCost",
            dependencies: [.product(name: "SallyportEngines", package: "sallyport")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        // Stands in for malloc and counts the calls; glibc only.
        .target(name: "CAllocationCount"),
    ]
)
