/** The camera: started by a click, stopped by another one, by another picture, or when the page is left. */
import { html } from "../draw/dom";
import { pixelsOf } from "./pictures";
import type { Pixels } from "./resize";

export class Camera {
  readonly button: HTMLButtonElement;
  readonly #signal: AbortSignal;
  readonly #show: (pixels: Pixels) => Promise<void>;
  readonly #fail: (error: Error) => void;
  #stream: MediaStream | null = null;

  /**
   * @param signal Stops the camera.
   * @param show Called with a frame, RGBA; the next one is taken when it resolves.
   * @param fail Called when there is no camera, or it may not be used.
   */
  constructor(signal: AbortSignal, show: (pixels: Pixels) => Promise<void>, fail: (error: Error) => void) {
    [this.#signal, this.#show, this.#fail] = [signal, show, fail];
    const toggle = () => (this.#stream ? this.stop() : this.#start());
    this.button = html("button", { type: "button", class: "lurk-live-button", on: { click: toggle } });
    this.button.hidden = !navigator.mediaDevices?.getUserMedia;
    this.#name();
    signal.addEventListener("abort", () => this.stop());
  }

  /** Whether frames are shown. */
  get isOn(): boolean {
    return this.#stream !== null;
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#name();
  }

  async #start(): Promise<void> {
    try {
      const video = { facingMode: "environment", width: { ideal: 640 }, height: { ideal: 480 } };
      const stream = await navigator.mediaDevices.getUserMedia({ video });
      this.#stream = stream;
      if (this.#signal.aborted) {
        this.stop();
        return;
      }
      this.#name();
      await this.#play(stream);
    } catch (error) {
      this.stop();
      this.#fail(new Error(`the camera cannot be used (${(error as Error).message})`));
    }
  }

  async #play(stream: MediaStream): Promise<void> {
    const video = html("video", { muted: true, playsinline: true });
    video.srcObject = stream;
    await video.play();
    while (this.#stream === stream && !this.#signal.aborted) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const { videoWidth, videoHeight } = video;
      if (this.#stream === stream && videoWidth) await this.#show(pixelsOf(video, videoWidth, videoHeight));
    }
    video.srcObject = null;
  }

  #name(): void {
    this.button.textContent = this.#stream ? "Stop the camera" : "Use the camera";
  }
}
