/** Whether a server that crashed is started again; no VS Code in here. */

const MOST = 2;
const WITHIN_MS = 5 * 60_000;

/** Two crashes in five minutes are forgiven; a third one in that time is not. */
export class Crashes {
  private times: number[] = [];

  mayRestart(now: number): boolean {
    this.times = [...this.times.filter((each) => now - each < WITHIN_MS), now];
    return this.times.length <= MOST;
  }
}
