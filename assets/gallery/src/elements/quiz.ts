/** `<lurk-quiz data-src data-key [data-layer] [data-suffix]>`: a quiz about a model's filters, drawn by a script that is loaded only for it. */
import { type Loaded, loadData } from "../data/load";
import type { QuizData } from "../data/schema";
import { loadDrawing } from "./drawing";
import { DataElement } from "./element";

export class LurkQuiz extends DataElement<Loaded<QuizData>> {
  protected readonly subject = "The quiz";

  protected async load(): Promise<Loaded<QuizData>> {
    const { src = "quiz.js", key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<QuizData>(src, key), loadDrawing("lurkDrawQuiz")]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<QuizData>, signal: AbortSignal): void {
    window.lurkDrawQuiz?.(this, value, base, signal);
  }
}
