/**
 * What the data scripts beside the pages hold. `mkdocs_lurk/pages/` writes them: its `script_records.py` has a twin of each interface, and
 * a test compares the two. So interfaces stay plain in `schema/`: one field per line, `?` where it may be absent.
 */
export * from "./schema/common";
export * from "./schema/filter";
export * from "./schema/layer";
export * from "./schema/live";
export * from "./schema/matrix";
export * from "./schema/model";
export * from "./schema/quiz";
