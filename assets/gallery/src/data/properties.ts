/** The properties of pictures that a filter may depend on, as the tuning measures them. */

import type { TuningIndices } from "./schema";

export type Property = keyof TuningIndices;
export const PROPERTIES: readonly Property[] = ["colour", "detail", "mirror", "orientation", "scale", "shape"];
