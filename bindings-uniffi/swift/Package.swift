// swift-tools-version:5.9
// What programs for Apple's systems use. Unbuilt: see the README. `xcframework.sh` makes what the two targets lack, on a Mac.
import PackageDescription

let package = Package(
    name: "Kitestring",
    platforms: [.iOS(.v15), .macOS(.v12), .tvOS(.v15), .watchOS(.v8)],
    products: [.library(name: "Kitestring", targets: ["Kitestring"])],
    targets: [
        .binaryTarget(name: "KitestringFFI", path: "build/KitestringFFI.xcframework"),
        .target(name: "Kitestring", dependencies: ["KitestringFFI"], path: "Sources/Kitestring"),
    ]
)
