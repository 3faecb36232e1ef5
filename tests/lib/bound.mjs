// What a test starts ends with it, however the test itself ends: the system sends
// SIGTERM to the child when its parent is gone, also after kill -9.
export const bound = (command, args) => ["setpriv", ["--pdeathsig", "TERM", "--", command, ...args]];
