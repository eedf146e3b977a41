import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DataElement } from "../src/elements/element";

/** An element whose loading the tests end by hand. */
class Probe extends DataElement<string> {
  protected readonly subject = "The probe";
  readonly signals: AbortSignal[] = [];
  finish: ((data: string) => void)[] = [];
  break: ((error: Error) => void)[] = [];

  protected load(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.finish.push(resolve);
      this.break.push(reject);
    });
  }

  protected draw(data: string, signal: AbortSignal): void {
    this.signals.push(signal);
    this.replaceChildren(data);
  }
}

beforeAll(() => customElements.define("lurk-probe", Probe));
afterEach(() => document.body.replaceChildren());

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

function connected(): Probe {
  const element = document.createElement("lurk-probe") as Probe;
  document.body.append(element);
  return element;
}

describe("an element's life cycle", () => {
  it("draws what it loads, and ends with its signal", async () => {
    const element = connected();
    element.finish[0]?.("data");
    await settled();
    expect([element.textContent, element.className]).toEqual(["data", "lurk-drawn"]);
    element.remove();
    expect([element.signals[0]?.aborted, element.childNodes.length]).toEqual([true, 0]);
  });

  it("draws anew when it comes back, and ignores what arrives for its earlier stay", async () => {
    const element = connected();
    element.remove();
    document.body.append(element);
    element.finish[1]?.("second");
    element.finish[0]?.("first");
    await settled();
    expect(element.textContent).toBe("second");
    expect(element.signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it("says why it could not load, unless it has left the page", async () => {
    const element = connected();
    element.break[0]?.(new Error("no such file"));
    await settled();
    expect(element.querySelector("[role=alert]")?.textContent).toBe("The probe could not be shown: no such file.");
    element.remove();
    document.body.append(element);
    element.remove();
    element.break[1]?.(new Error("too late"));
    await settled();
    expect(element.textContent).toBe("");
  });
});
