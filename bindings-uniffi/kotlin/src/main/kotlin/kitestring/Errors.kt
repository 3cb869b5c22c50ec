package kitestring

/** What an error says, whatever its code: the same record in every class of [KiteException]. */
public val KiteException.info: ErrorInfo
    get() = when (this) {
        is KiteException.Unauthorized -> info
        is KiteException.RateLimited -> info
        is KiteException.Unavailable -> info
        is KiteException.Locked -> info
        is KiteException.NotFound -> info
        is KiteException.Condition -> info
        is KiteException.QuotaExceeded -> info
        is KiteException.Corrupt -> info
        is KiteException.WrongKey -> info
        is KiteException.VaultChanged -> info
        is KiteException.Moved -> info
        is KiteException.Rollback -> info
        is KiteException.MassDelete -> info
        is KiteException.HostOlder -> info
        is KiteException.Unsupported -> info
        is KiteException.NeedsNewerVersion -> info
        is KiteException.Application -> info
        is KiteException.State -> info
        is KiteException.Cancelled -> info
        is KiteException.InvalidInput -> info
        is KiteException.Internal -> info
    }

/** The stable name of the kind, as in every language. */
public val KiteException.code: String
    get() = info.code
