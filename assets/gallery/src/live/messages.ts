/** What the page and the worker that runs the network say to each other. */

/** Outputs of the network by name. */
export type Values = Record<string, Float32Array | Int32Array>;

/** What the page asks for: to load the runtime and the network, or to run it on a picture. */
export type Asked = { id: number } & (
  | { kind: "open"; module: { address: string } | { text: string }; binary: string; network: string }
  | { kind: "run"; picture: Float32Array; size: readonly number[]; names: readonly string[] }
);

/** What the worker answers. */
export type Answer = { id: number } & ({ values: Values } | { error: string });
