/** What a photo's file calls it. */

/** Words that cameras and data sets put into the names of files. */
const EMPTY = /^(img|image|dsc|dscn|pxl|photo|pic|picture|val|train|test|ilsvrc\w*|n\d{8})$/i;

/** The title that the name of a file tells, such as "polar bear"; "" where it is no more than a number or a code. */
export function titleOf(path: string): string {
  const stem = /([^/]+)\.[a-z]{3,4}$/i.exec(path)?.[1] ?? "";
  const words = stem.split(/[\s_-]+/).filter((word) => !EMPTY.test(word));
  const named = words.filter((word) => /^\p{L}+$/u.test(word) && word.length > 2);
  return named.length && named.length >= words.length / 2 ? named.join(" ") : "";
}
