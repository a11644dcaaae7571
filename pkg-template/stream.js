export class ChatStream {}
export function openStream() { throw new Error("later"); }
