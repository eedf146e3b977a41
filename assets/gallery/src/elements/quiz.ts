/** `<lurk-quiz data-src data-key [data-layer] [data-suffix]>`: a quiz about a model's filters, drawn by a script that is loaded only for it. */
import type { QuizData } from "../data/schema";
import type { Draw } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkQuiz extends DrawnElement<QuizData> {
  protected readonly subject = "The quiz";
  protected readonly file = "quiz.js";
  protected readonly drawing = "lurkDrawQuiz";

  protected drawer(): Draw<QuizData> | undefined {
    return window.lurkDrawQuiz;
  }
}
