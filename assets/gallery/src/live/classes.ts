/** The classes that the network names, with bars; and what they were before the picture was changed. */
import { bars } from "../charts/bars";
import type { LiveData } from "../data/schema";
import { html } from "../draw/dom";
import { percent } from "../numbers";
import { likeliest } from "./answers";

const MOST_CLASSES = 5;

export class Classes {
  readonly node = html("div", { class: "lurk-live-classes" });
  readonly #data: LiveData;
  readonly #chart = bars([], { label: "Likeliest classes", format: percent, whole: 1 });
  /** The first class in words, for screen readers. */
  words = "";

  constructor(data: LiveData) {
    this.#data = data;
    const none = html("p", { class: "lurk-says" }, "It names no classes. What responds inside it stands below.");
    this.node.append(html("h2", {}, "What the network says"), data.outputs < 2 ? none : this.#chart.node);
  }

  /** Show the likeliest classes; with other outputs, each stands with its share there, after a word. */
  update(outputs: ArrayLike<number>, before: ArrayLike<number> | null, word: string): void {
    if (this.#data.outputs < 2) return;
    const { classes, are_probabilities: areProbabilities } = this.#data;
    const all = new Map(likeliest(outputs, areProbabilities, outputs.length));
    const was = before && new Map(likeliest(before, areProbabilities, before.length));
    const name = (place: number) => classes[place] ?? `output ${place}`;
    const shown = likeliest(outputs, areProbabilities, MOST_CLASSES);
    this.#chart.update(
      shown.map(([place, share]) => ({
        key: place,
        name: was ? `${name(place)} (${word} ${percent(was.get(place) ?? 0)})` : name(place),
        value: share,
      })),
    );
    const [first] = shown;
    this.words = first ? `${name(first[0])}, ${percent(all.get(first[0]) ?? 0)}` : "";
  }
}
