// From host to host below a domain as it is in production, where the hosts are
// siblings to the browser: each sends its cookie to forms that another posts.
import { after } from "node:test";
import { Platform } from "../lib/platform.mjs";

process.env.TEST_DOMAIN = "tulou.example";
const platform = await Platform.own({ TULOU_DOMAIN: process.env.TEST_DOMAIN });
const { handoverTests } = await import("../lib/handover.mjs");
handoverTests(["--host-resolver-rules=MAP tulou.example 127.0.0.1, MAP *.tulou.example 127.0.0.1"]);
after(() => platform.stop()); // after the browser, whose streams it would wait for
