import Foundation
#if canImport(CryptoKit)
import CryptoKit
#endif

/// The digest by which every program of notes names a merged note. Apple's systems bring it along, others do not.
enum SHA256 {
    static func hexadecimal(_ data: Data) -> String {
        #if canImport(CryptoKit)
        CryptoKit.SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
        #else
        computed(data).map { String(format: "%08x", $0) }.joined()
        #endif
    }

    /// FIPS 180-4.
    private static func computed(_ data: Data) -> [UInt32] {
        var message = [UInt8](data) + [0x80]
        message += [UInt8](repeating: 0, count: (120 - message.count % 64) % 64)
        message += withUnsafeBytes(of: UInt64(data.count * 8).bigEndian, Array.init)
        var state = roots(8, 1.0 / 2)
        for start in stride(from: 0, to: message.count, by: 64) { mix(&state, Array(message[start..<start + 64])) }
        return state
    }

    private static let constants = roots(64, 1.0 / 3)

    /// The first 32 bits of the fractions of the square or cube roots of the first primes.
    private static func roots(_ count: Int, _ power: Double) -> [UInt32] {
        let primes = (2...).lazy.filter { n in !(2..<n).contains { n % $0 == 0 } }.prefix(count)
        return primes.map { prime in
            let root = pow(Double(prime), power)
            return UInt32((root - root.rounded(.down)) * 4_294_967_296)
        }
    }

    private static func mix(_ state: inout [UInt32], _ block: [UInt8]) {
        var words = (0..<16).map { at in block[at * 4..<at * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        for at in 16..<64 {
            let (a, b) = (words[at - 15], words[at - 2])
            let (small, large) = (turned(a, 7) ^ turned(a, 18) ^ a >> 3, turned(b, 17) ^ turned(b, 19) ^ b >> 10)
            words.append(words[at - 16] &+ small &+ words[at - 7] &+ large)
        }
        var s = state
        for at in 0..<64 {
            let choice = s[4] & s[5] ^ ~s[4] & s[6]
            let first = s[7] &+ (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) &+ choice &+ constants[at] &+ words[at]
            let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
            let second = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) &+ majority
            s = [first &+ second, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
        }
        state = zip(state, s).map { $0 &+ $1 }
    }

    private static func turned(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
}
