import { setFlagsFromString } from "node:v8";

/**
 * The parser, loaded with V8's optimizing compiler for WebAssembly switched off.
 *
 * Why: its module is 22 MB of functions for thirty dialects. Optimizing the largest of them takes V8 seconds of CPU and
 * some 250 MB that the allocator never gives back, and a statement is parsed in under a millisecond without. Both flags
 * are needed: at run time one no longer implies the other. They are read when a module is compiled, hence the import by
 * expression.
 */
setFlagsFromString("--no-wasm-tier-up");
setFlagsFromString("--no-wasm-dynamic-tiering");

export const { parse, generate, Dialect } = await import("@polyglot-sql/sdk");
