// How long a test waits for what should come, in milliseconds: so long that no busy machine
// needs it, and less than tests/run.mjs gives a file, so that what never comes has a name.
export const patience = 600000;
