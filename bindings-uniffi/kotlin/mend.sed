# What the generated coroutine of a callback does for Rust when Rust has gone away meanwhile, because somebody has cancelled:
#
# - It frees what it holds for Rust in its body. One that is cancelled before it is dispatched never runs its body, and so leaks.
#   Started atomically it runs, and looks first whether it is cancelled: the host is not called then.
# - It answers with a buffer that nobody frees any more. So an answer that comes too late is not sent, and the error that is
#   sent instead is empty.
s/GlobalScope\.launch coroutineBlock@/GlobalScope.launch(start = kotlinx.coroutines.CoroutineStart.ATOMIC) coroutineBlock@/
/^        val callResult = try {$/,/makeCall()/s/makeCall()/this.ensureActive()\
            makeCall().also { this.ensureActive() }/
/^    val job = GlobalScope/,/^        handleSuccess/s/lower(e\.toString())/lower(if (this.coroutineContext[Job]?.isActive == false) "" else e.toString())/
s/^import kotlinx\.coroutines\.launch$/&\
import kotlinx.coroutines.ensureActive/
