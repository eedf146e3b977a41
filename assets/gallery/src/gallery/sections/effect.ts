/** What the network does with the filter: the classes whose output it raises, and those whose output it lowers. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { type Bar, bars } from "../../charts/bars";
import {
  type Ablation,
  type ClassContribution,
  type Effect,
  type FilterDetail,
  present,
  reason,
} from "../../data/schema";
import { html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { plural, ratio, score } from "../../numbers";
import { explanation, section } from "./section";

const [NAME, TITLE] = ["effect", "Effect on the output"];

/** The section of a filter of a layer of so many `filters`; null if the effect was not asked for. */
export function effectSection({ effect }: FilterDetail, filters: number): HTMLElement | null {
  if (!present(effect)) {
    const why = reason(effect);
    return why ? section(NAME, TITLE, missing("The effect was not measured", why)) : null;
  }
  const rows = [...effect.raises, ...[...effect.lowers].reverse()].map((one) => bar(one, effect));
  const none = `No class is raised or lowered clearly; classes with two pictures at least: ${effect.compared}.`;
  return section(
    NAME,
    TITLE,
    rows.length ? bars(rows, { label: "Mean contribution to the output for a class" }).node : html("p", {}, none),
    html(
      "p",
      { class: "lurk-effect-share", title: definitions.effect_share },
      `Of the layer's whole effect on ${plural(effect.n, "picture")} this filter has ${times(effect.share * filters)}`,
      effect.by === "largest" ? "; a picture counts for the class that the network names." : ".",
    ),
    present(effect.exact) && withoutIt(effect.exact),
    explanation(effect.steps ? definitions.conductance : definitions.contribution),
  );
}

/** A part of the layer's effect in words, as a multiple of an average filter's. */
function times(multiple: number): string {
  if (multiple === 0) return "no part";
  return multiple < 0.05
    ? "less than a twentieth of an average filter's part"
    : `${ratio(multiple)} times an average filter's part`;
}

/** What happens without the filter, in sentences. */
function withoutIt({ random, n, change, estimated, right, of_class: own }: Ablation): HTMLElement {
  const [before, after] = right;
  const all = `Of ${plural(n, "picture")} of all classes ${before} → ${after} are named right; the output for their class changes by ${score(change)} (estimated ${score(estimated)}).`;
  const [name, count, with_it, without, lost] = own ?? ["", 0, 0, 0, 0];
  return html(
    "p",
    { class: "lurk-without", title: definitions.without_it },
    html("strong", {}, "Without it: "),
    own &&
      html(
        "span",
        {},
        html("b", {}, `${name} ${with_it} → ${without}`),
        ` of ${count} named right, output ${score(lost)}. `,
      ),
    random ? `${all} It was drawn at random, for comparison.` : all,
  );
}

function bar([name, mean, error]: ClassContribution, { of }: Effect): Bar {
  const verb = mean < 0 ? "lowers" : "raises";
  const what = of === "output" ? "the output" : "the logarithm of the probability";
  const tooltip = `${name}: ${verb} ${what} by ${score(Math.abs(mean))}, give or take ${score(error)} (standard error)`;
  return { key: name, name, value: mean, tooltip };
}
