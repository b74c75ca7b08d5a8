/** Whether another transaction may be executed before others have their turn on this thread. */
export type MayGoOn = () => boolean;
