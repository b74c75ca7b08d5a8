/** How often a replica looks after what no message brings about, in ticks of the driver. */
export const periods = {
  /** Without a known leader for this long work is refused at once. */
  leaderlessMax: 100,
  /** Between searches for transactions whose window has passed. */
  expirySweep: 40,
  /** Between a leader's looks at whether a deadline calls for an empty block. */
  idleSeal: 40,
  /** What rides with the next append goes alone where none came for so long: it waits for twice this at most. */
  flush: 2,
  /** Between two words to a peer, one after the other, about the evidence that is held here. */
  evidenceOffer: 200,
  /** Between two questions to a node how far it is, while somebody waits for it. */
  reachAsk: 8,
} as const;
