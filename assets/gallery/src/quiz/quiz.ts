/** Draws the quiz: a question at a time, its answer, and the result of the round. */

import { layerPage } from "../data/addresses";
import type { QuizCrop, QuizData } from "../data/schema";
import { linkButton } from "../draw/buttons";
import { freshId, html } from "../draw/dom";
import { picture, type Sheets, scene, sheetsOf } from "../draw/picture";
import { save } from "../gallery/save";
import { percent, plural, score } from "../numbers";
import { type Answer, type Asked, answersCsv, drawRound, freshSeed, interval, isRight, type Side } from "./round";

const SIDES: readonly Side[] = ["A", "B"];
/** Keys that choose a set while the focus is in the quiz. */
const KEYS: Readonly<Record<string, Side>> = { a: "A", b: "B", "1": "A", "2": "B", ArrowLeft: "A", ArrowRight: "B" };
/** An address that names a round: the same ten questions for everybody. */
const NAMED_ROUND = /^#round-(\d{1,9})$/;

export interface QuizOptions {
  element: HTMLElement;
  data: QuizData;
  base: URL;
  signal: AbortSignal;
}

/** The quiz inside an element; it ends with the signal. */
export class Quiz {
  readonly #options: QuizOptions;
  readonly #sheets: Sheets;
  /** The address of the only layer to ask about; empty for all. */
  readonly #layer: string;
  #seed = 0;
  #round: Asked[] = [];
  #answers: Answer[] = [];
  #shownAt = 0;

  constructor(options: QuizOptions) {
    this.#options = options;
    this.#sheets = sheetsOf(options.data.sheets, options.base);
    this.#layer = options.element.dataset.layer ?? "";
  }

  start(): void {
    const { element, signal } = this.#options;
    element.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    window.addEventListener("hashchange", () => this.#begin(namedRound(), true), { signal });
    this.#begin(namedRound(), false);
  }

  /** Begin a round: the one of a seed, or a new one. */
  #begin(seed: number | null, focuses: boolean): void {
    const { data } = this.#options;
    const asked = data.questions.filter(({ layer }) => !this.#layer || data.layers[layer]?.slug === this.#layer);
    this.#seed = seed ?? freshSeed();
    [this.#round, this.#answers] = [drawRound(asked, this.#seed), []];
    this.#ask(focuses);
  }

  #ask(focuses: boolean): void {
    const asked = this.#round[this.#answers.length];
    if (!asked) {
      this.#finish();
      return;
    }
    const { question } = asked;
    const heading = this.#heading(`Question ${this.#answers.length + 1} of ${this.#round.length}`);
    const synthesis =
      question.synthesis &&
      html(
        "div",
        { class: "lurk-quiz-synthesis" },
        picture(question.synthesis, this.#sheets, "A picture made to excite the filter"),
      );
    const shown = question.shown.map((crop, at) => this.#crop(crop, `Crop ${at + 1} that excites the filter`));
    const sets = html("div", { class: "lurk-quiz-sets" }, ...SIDES.map((side) => this.#set(asked, side)));
    this.#show(
      heading,
      html("h3", {}, "This excites the filter"),
      html("div", { class: "lurk-quiz-shown" }, synthesis, ...shown),
      html("h3", {}, "Which set excites it, too?"),
      sets,
      html("p", { class: "lurk-soft lurk-quiz-keys" }, "Press a set, or A or B on the keyboard."),
    );
    this.#shownAt = performance.now();
    if (focuses) heading.focus();
  }

  #set(asked: Asked, side: Side): HTMLButtonElement {
    const crops = cropsOf(asked, side).map((crop, at) => this.#crop(crop, `Set ${side}, crop ${at + 1}`));
    return html(
      "button",
      { type: "button", class: "lurk-quiz-set", "data-side": side, on: { click: () => this.#answer(side) } },
      html("span", { class: "lurk-quiz-side" }, `Set ${side}`),
      html("span", { class: "lurk-quiz-crops" }, ...crops),
    );
  }

  #crop([, , photo, frame, mark]: QuizCrop, label: string): SVGSVGElement {
    return scene({ photo, photos: this.#sheets, frame, marks: mark ? [mark] : [], label });
  }

  #answer(chosen: Side): void {
    const asked = this.#round[this.#answers.length];
    if (!asked) return;
    const answer: Answer = { asked, chosen, seconds: (performance.now() - this.#shownAt) / 1000 };
    this.#answers.push(answer);
    for (const side of SIDES) this.#reveal(answer, side);
    const isLast = this.#answers.length === this.#round.length;
    const next = html(
      "button",
      { type: "button", class: "lurk-quiz-next", on: { click: () => this.#ask(true) } },
      isLast ? "Result" : "Next question",
    );
    const { question } = asked;
    const layer = this.#options.data.layers[question.layer];
    const name = `Filter ${question.filter}${question.name ? ` ${question.name}` : ""}`;
    this.#section
      ?.querySelector(".lurk-quiz-keys")
      ?.replaceWith(
        html(
          "div",
          { class: "lurk-quiz-answer" },
          html(
            "p",
            { role: "status" },
            html("strong", {}, isRight(answer) ? "Right." : `No: set ${asked.right} excites it.`),
            " ",
            html("a", { href: this.#address(layer?.slug ?? "", question.filter) }, name),
            ` of ${layer?.title ?? ""}. ${this.#standing()}`,
          ),
          next,
        ),
      );
    next.focus();
  }

  /** Say of a set what the filter's responses to it are. */
  #reveal({ asked, chosen }: Answer, side: Side): void {
    const set = this.#section?.querySelector<HTMLButtonElement>(`[data-side="${side}"]`);
    if (!set) return;
    set.disabled = true;
    set.classList.toggle("lurk-quiz-right", side === asked.right);
    set.classList.toggle("lurk-quiz-chosen", side === chosen);
    const label = set.querySelector(".lurk-quiz-side");
    if (label)
      label.textContent = `${side === asked.right ? "✓ " : ""}Set ${side}${side === chosen ? ", your choice" : ""}`;
    const scores = cropsOf(asked, side).map(([, value]) => score(value));
    set.append(
      html(
        "span",
        { class: "lurk-quiz-scores" },
        `${scores.length > 1 ? "Responses" : "Response"} ${scores.join(" and ")}`,
      ),
    );
  }

  #finish(): void {
    const { data } = this.#options;
    const [n, right] = [this.#answers.length, this.#answers.filter(isRight).length];
    const heading = this.#heading(n ? `${right} of ${n} right` : "No questions");
    const [low, high] = n ? interval(right, n) : [0, 0];
    const seconds = this.#answers.reduce((sum, answer) => sum + answer.seconds, 0);
    const text = n
      ? `${percent(right / n)}, with a 95 % interval from ${percent(low)} to ${percent(high)}; guessing gives 50 %. ${plural(Math.round(seconds / n), "second")} a question.`
      : "No question is about this layer.";
    const items = this.#answers.map((answer) => this.#line(answer));
    const csv = () => new Blob([answersCsv(data, this.#seed, this.#answers)], { type: "text/csv" });
    this.#show(
      heading,
      html("p", {}, text),
      html("ol", { class: "lurk-quiz-list" }, ...items),
      html(
        "div",
        { class: "lurk-share" },
        linkButton("Another round", () => this.#begin(null, true)),
        html("a", { href: `#round-${this.#seed}` }, "Link to these questions"),
        linkButton("Answers as CSV", () => save(csv(), `${data.model}-quiz-${this.#seed}.csv`)),
      ),
    );
    heading.focus();
  }

  #line(answer: Answer): HTMLLIElement {
    const { layer, filter, name } = answer.asked.question;
    const of = this.#options.data.layers[layer];
    const link = html(
      "a",
      { href: this.#address(of?.slug ?? "", filter) },
      `Filter ${filter}${name ? ` ${name}` : ""}`,
    );
    return html("li", {}, isRight(answer) ? "✓ right: " : "✗ wrong: ", link, ` of ${of?.title ?? ""}`);
  }

  #standing(): string {
    return `${this.#answers.filter(isRight).length} of ${this.#answers.length} right so far.`;
  }

  #address(slug: string, filter: number): string {
    const { base, element } = this.#options;
    return `${layerPage(new URL("./", base), slug, element.dataset.suffix ?? "/")}#filter-${filter}`;
  }

  #heading(text: string): HTMLHeadingElement {
    return html("h2", { tabindex: -1, id: freshId("quiz") }, text);
  }

  get #section(): Element | null {
    return this.#options.element.firstElementChild;
  }

  #show(heading: HTMLElement, ...content: (Node | null)[]): void {
    const section = html("section", { class: "lurk-quiz", "aria-labelledby": heading.id }, heading, ...content);
    this.#options.element.replaceChildren(section);
  }

  #onKey(event: KeyboardEvent): void {
    const side = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!side || event.ctrlKey || event.metaKey || event.altKey) return;
    const set = this.#section?.querySelector<HTMLButtonElement>(`[data-side="${side}"]:enabled`);
    if (!set) return;
    event.preventDefault();
    event.stopPropagation(); // the host has keys of its own
    set.click();
  }
}

function cropsOf({ question, right }: Asked, side: Side): QuizCrop[] {
  return side === right ? question.strong : question.weak;
}

function namedRound(): number | null {
  const named = NAMED_ROUND.exec(location.hash)?.[1];
  return named === undefined ? null : Number(named);
}
