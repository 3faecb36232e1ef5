// The same below localhost, where each host is a stranger to the others.
import { handoverTests } from "../lib/handover.mjs";

handoverTests();
