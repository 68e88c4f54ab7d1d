// What the seats of a class have sent to the stage: their drawings, and the students that they trained.

import { tell } from "./signals.js";

/** @typedef {{ seat: string, pixels: string | null }} Drawing 784 grey levels in base64; null where it was cleared */
/** @typedef {{ T: number, alpha: number, accuracy: number, plain: number, updates: number }} TrainedPoint */
/** @typedef {{ seat: string, points: TrainedPoint[] }} Points */
/** @typedef {{ opened: boolean, seats: number, drawings: Drawing[], points: Points[] }} Posts `opened`: whether there is a class */

/** What came, by seats: the last of each counts. */
export class ClassPosts {
  constructor() {
    this.opened = false;
    this.seats = 0;
    this.drawings = /** @type {Map<string, Drawing>} */ (new Map());
    this.points = /** @type {Map<string, Points>} */ (new Map());
  }

  /**
   * Take over what has changed; `fresh` says that what was there before is gone.
   * @param {Partial<Posts> & { fresh?: boolean }} message
   */
  take({ opened = this.opened, seats = this.seats, drawings = [], points = [], fresh = false }) {
    Object.assign(this, { opened, seats });
    if (fresh) [this.drawings, this.points] = [new Map(), new Map()];
    for (const post of drawings) this.drawings.set(post.seat, post);
    for (const post of points) this.points.set(post.seat, post);
  }

  /** @returns {Posts} */
  now() {
    const drawings = [...this.drawings.values()].filter(({ pixels }) => pixels);
    return { opened: this.opened, seats: this.seats, drawings, points: [...this.points.values()] };
  }
}

const posts = new ClassPosts(); // of the class that the document's stage holds

/** What the seats have sent so far. */
export const postsNow = () => posts.now();

/** What the stage has heard of its class, or that there is one, or none any more. @param {Parameters<ClassPosts["take"]>[0]} message */
export function keepPosts(message) {
  posts.take(message);
  tell("class", posts.now());
}
