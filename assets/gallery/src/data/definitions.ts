/** Fills the sentences of `mkdocs_lurk/pages/definitions.json`, which say what every figure means; tests compare them with the results. */

/** A sentence with its places filled; `n` is a number of pictures, `class` the name of a class. */
export function meaning(sentence: string, values: { n?: number; class?: string } = {}): string {
  return sentence
    .replaceAll("{n}", () => values.n?.toLocaleString("en") ?? "all")
    .replaceAll("{class}", () => values.class ?? "the class");
}
