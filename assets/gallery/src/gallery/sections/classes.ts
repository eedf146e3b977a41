/** The filter's mean response to each class, as bars. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { type Bar, bars } from "../../charts/bars";
import { type ClassMean, type FilterDetail, type Label, present, reason } from "../../data/schema";
import { linkButton } from "../../draw/buttons";
import { freshId, html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { percent, plural, score, withMinus } from "../../numbers";
import { explanation, section } from "./section";

const FEW = 10;

type Response = "max" | "avg";
const RESPONSES: Record<Response, { name: string; explanation: string }> = {
  max: { name: "Maximum", explanation: definitions.class_max },
  avg: { name: "Mean", explanation: definitions.class_avg },
};

/** The section, with a switch between maximum and mean and one between the first ten and all; null if the pictures have no classes. */
export function classSection({ classes, label }: FilterDetail, labels: readonly string[]): HTMLElement | null {
  if (!labels.length) return null;
  if (!present(classes)) return section("classes", "Classes", missing("Classes were not compared", reason(classes)));
  let by: Response = classes.max.length ? "max" : "avg";
  let all = false;
  const rows = () => toBars(classes[by], labels, all);
  const chart = bars(rows(), { label: "Mean response by class" });
  const text = explanation("");
  const total = Math.max(classes.max.length, classes.avg.length);
  const more = linkButton("", () => {
    all = !all;
    refresh();
  });
  more.hidden = total <= FEW;
  const refresh = () => {
    chart.update(rows());
    text.textContent = RESPONSES[by].explanation;
    more.textContent = all ? `Top ${FEW}` : `${total < labels.length ? "Top" : "All"} ${total}`;
  };
  const switchTo = (response: Response) => {
    by = response;
    refresh();
  };
  refresh();
  const hasBoth = classes.max.length > 0 && classes.avg.length > 0;
  return section(
    "classes",
    "Classes",
    hasBoth && responseSwitch(by, switchTo),
    chart.node,
    more,
    text,
    present(label) && labelText(label),
  );
}

/** The label with its proof, in sentences; or that none is above chance. */
function labelText(label: Label): HTMLElement {
  const {
    any_of: names,
    correlation,
    threshold,
    n,
    members = 0,
    mean = 0,
    rest = 0,
    coverage = 0,
    misses = [],
  } = label;
  const [last = "", ...first] = [...names].reverse();
  const name = first.length ? `${first.reverse().join(", ")} or ${last}` : last;
  const r = (value: number) => withMinus(value.toFixed(2));
  const proof = `r ${r(correlation)} on ${plural(n, "picture")} not used to choose; chance reaches ${r(threshold)}`;
  if (!name) return html("p", { class: "lurk-label", title: definitions.label }, `No class above chance (${proof}).`);
  const others = misses.map(([other, count]) => `${other} (${count})`).join(", ");
  const covered = `Of the ${members} strongest ${percent(coverage)} are covered`;
  return html(
    "p",
    { class: "lurk-label" },
    html("span", { title: definitions.label }, html("strong", {}, `Answers to ${name}`), `: ${proof}.`),
    ` Mean response ${score(mean)} to these, ${score(rest)} to all others. `,
    html("span", { title: definitions.coverage }, others ? `${covered}; it misses ${others}.` : `${covered}.`),
  );
}

function toBars(means: readonly ClassMean[], labels: readonly string[], all: boolean): Bar[] {
  return [...means]
    .sort((a, b) => b[1] - a[1])
    .slice(0, all ? undefined : FEW)
    .map(([label, mean]) => {
      const name = labels[label] ?? String(label);
      return { key: name, name, value: mean, tooltip: `${name}: ${score(mean)}` };
    });
}

function responseSwitch(first: Response, change: (value: Response) => void): HTMLElement {
  const name = freshId("choice");
  const node = html("div", {
    class: "lurk-segments lurk-small",
    role: "radiogroup",
    "aria-label": "Response of a class",
  });
  for (const value of ["max", "avg"] as const) {
    const input = html("input", { type: "radio", name, value, on: { change: () => change(value) } });
    input.checked = value === first;
    node.append(html("label", {}, input, html("span", {}, RESPONSES[value].name)));
  }
  return node;
}
