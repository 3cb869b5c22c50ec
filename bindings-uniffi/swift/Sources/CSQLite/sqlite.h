// SQLite where the system has no module of that name: everywhere but on Apple's.
#include <sqlite3.h>
