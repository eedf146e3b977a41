/** What every figure means. The sentences are those of `mkdocs_lurk/pages/definitions.json`, which tests compare with the results. */
import definitions from "../../../../mkdocs_lurk/pages/definitions.json";

export type Figure = keyof typeof definitions;

/** The sentence that defines a figure; `n` is a number of pictures, `class` the name of a class. */
export function meaning(figure: Figure, values: { n?: number; class?: string } = {}): string {
  return definitions[figure]
    .replaceAll("{n}", () => values.n?.toLocaleString("en") ?? "all")
    .replaceAll("{class}", () => values.class ?? "the class");
}
