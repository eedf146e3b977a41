/** A round of the quiz: which questions are asked, on which side the answer stands, and what the answers are worth. */
import type { QuizData, QuizQuestion } from "../data/schema";

/** Questions of a round; the twin of `ROUND` in `mkdocs_lurk/pages/quiz.py`. */
export const ROUND = 10;
/** Two-sided 95 % of the normal distribution. */
const Z = 1.96;

export type Side = "A" | "B";

export interface Asked {
  question: QuizQuestion;
  /** Where the set stands that excites the filter. */
  right: Side;
}

export interface Answer {
  asked: Asked;
  chosen: Side;
  seconds: number;
}

/** The questions of a round: the same seed asks the same ones in the same order. */
export function drawRound(questions: readonly QuizQuestion[], seed: number): Asked[] {
  const random = generator(seed);
  const pool = [...questions];
  const asked: Asked[] = [];
  while (pool.length && asked.length < ROUND) {
    const [question] = pool.splice(Math.floor(random() * pool.length), 1);
    if (question) asked.push({ question, right: random() < 0.5 ? "A" : "B" });
  }
  return asked;
}

/** A seed for a new round. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

export function isRight({ asked, chosen }: Answer): boolean {
  return asked.right === chosen;
}

/** Wilson's interval of a share, with 95 % confidence (Wilson 1927). */
export function interval(right: number, n: number): [low: number, high: number] {
  const share = right / n;
  const centre = share + (Z * Z) / (2 * n);
  const half = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/** The answers as a table of comma-separated values, for whoever evaluates many rounds. */
export function answersCsv(data: QuizData, seed: number, answers: readonly Answer[]): string {
  const head = ["round", "question", "model", "layer", "filter", "synthesis", "crops", "right", "chosen", "is_right"];
  const rows = answers.map((answer, at) => {
    const { question, right } = answer.asked;
    return [
      seed,
      at + 1,
      data.model,
      data.layers[question.layer]?.name ?? "",
      question.filter,
      question.synthesis ? 1 : 0,
      question.shown.length,
      right,
      answer.chosen,
      isRight(answer) ? 1 : 0,
      answer.seconds.toFixed(1),
    ];
  });
  return `${[[...head, "seconds"], ...rows].map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

/** A field of a table: quoted, and never a formula to a spreadsheet. */
function field(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed: a linear congruential one (Knuth's MMIX, high bits). */
function generator(seed: number): () => number {
  const mask = (1n << 64n) - 1n;
  let state = (BigInt(seed) * 2862933555777941757n + 3037000493n) & mask;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & mask;
    return Number(state >> 32n) / 2 ** 32;
  };
}
