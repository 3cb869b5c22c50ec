# The generated coroutine of a callback frees what it holds for Rust in its body. One that is cancelled before it is dispatched
# never runs its body, and so leaks: about a hundred bytes for such a call. Started atomically, it runs, and looks first whether
# it is cancelled: the host is not called then.
s/GlobalScope\.launch coroutineBlock@/GlobalScope.launch(start = kotlinx.coroutines.CoroutineStart.ATOMIC) coroutineBlock@/
/^        val callResult = try {$/,/makeCall()/s/makeCall()/this.ensureActive()\
            makeCall()/
s/^import kotlinx\.coroutines\.launch$/&\
import kotlinx.coroutines.ensureActive/
