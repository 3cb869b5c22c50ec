import Foundation

extension Document {
    /// Makes a document whose body is given whole.
    public init(id: String, revision: String, bytes: Data) {
        self.init(id: id, revision: revision, body: .whole(bytes: bytes))
    }
}

extension Body {
    /// The bytes of a body that is given whole, which is every one for a host without `wholeBodyBytes`; none for parts.
    public var whole: Data? {
        if case .whole(let bytes) = self { bytes } else { nil }
    }
}
