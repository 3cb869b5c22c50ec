package kitestring

/** Makes a document whose body is given whole. */
public fun Document(id: String, revision: String, bytes: ByteArray): Document = Document(id, revision, Body.Whole(bytes))

/** The bytes of a body that is given whole, which is every one for a host without `wholeBodyBytes`. */
public val Body.whole: ByteArray
    get() = (this as? Body.Whole)?.bytes ?: throw IllegalArgumentException("this body is passed in parts")
