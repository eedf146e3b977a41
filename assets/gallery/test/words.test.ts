import { describe, expect, it } from "vitest";
import { keepTranslated, Words } from "../src/words";

const ROWS = {
  Crops: { de: "Ausschnitte", fr: "Extraits" },
  dead: { de: "ohne Antwort" },
  "Filter {}": { de: "Filter {} hier" },
  "Filter {} of {}": { de: "Filter {} von {}" },
};

describe("words of another language", () => {
  it("take the place of English ones, with what stands for itself", () => {
    const words = new Words("de-AT", ROWS);
    expect(new Words("en", ROWS).empty).toBe(true);
    expect(new Words("constructor", ROWS).translate("Crops")).toBe("Crops");
    expect(words.translate(" Crops\n")).toBe(" Ausschnitte\n");
    expect(words.translate("Filter 3 of dead")).toBe("Filter 3 von ohne Antwort");
    expect(words.translate("Filter $& (x)")).toBe("Filter $& (x) hier");
    expect(words.translate("constructor")).toBe("constructor");
    expect(new Words("fr").translate("Tile size")).toBe("Taille des tuiles");
  });

  it("are kept in what is drawn later, and code stays", async () => {
    const host = document.createElement("div");
    const controller = new AbortController();
    host.innerHTML = '<p title="Crops">Crops</p>';
    keepTranslated(host, controller.signal, new Words("de", ROWS));
    expect(host.innerHTML).toBe('<p title="Ausschnitte">Ausschnitte</p>');
    host.innerHTML = "<b>Crops</b><code>Crops</code>";
    await Promise.resolve();
    expect(host.innerHTML).toBe("<b>Ausschnitte</b><code>Crops</code>");
    controller.abort();
    host.innerHTML = "<b>Crops</b>";
    await Promise.resolve();
    expect(host.innerHTML).toBe("<b>Crops</b>");
  });
});
