export interface ErrorEntry {
  /** What happened, as a sentence for docs/errors.md. */
  readonly meaning: string;
  readonly httpStatus: number;
  /** Exit code of the CLI: 1 refused, 2 usage or configuration, 3 nothing happened, 4 verification failed, 5 outcome unknown, 70 bug. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 70;
  /** What the reader can do. */
  readonly action: string;
}

/** Every expected failure of the node, the API and the CLI. Codes are stable: never renamed, never reused. */
const entries = {
  // --- bytes and encoding
  'encoding-invalid': {
    meaning: 'The bytes are not the canonical msgpack subset.',
    httpStatus: 400,
    exitCode: 2,
    action: 'Encode with the client library; see docs/protocol.md, "Encoding".',
  },
  'encoding-too-large': {
    meaning: 'The bytes exceed a bound on size, depth or count.',
    httpStatus: 413,
    exitCode: 2,
    action: 'Split the content into smaller transactions.',
  },
  // --- consents
  'commitment-mismatch': {
    meaning: 'What is said to open a commitment opens something else.',
    httpStatus: 422,
    exitCode: 4,
    action: 'Ask whoever gave it for the right opening; the commitment on the ledger is what was signed.',
  },
  // --- transactions
  'transaction-malformed': {
    meaning: 'The transaction has the wrong shape.',
    httpStatus: 400,
    exitCode: 2,
    action: 'Encode with the client library; see docs/protocol.md, "Transactions".',
  },
  'transaction-too-large': {
    meaning: 'The transaction exceeds 64 KiB.',
    httpStatus: 413,
    exitCode: 2,
    action: 'Split it into several transactions.',
  },
  'transaction-kind-unknown': {
    meaning: 'No contract of the active rule set has this kind of transaction.',
    httpStatus: 400,
    exitCode: 2,
    action: 'List the kinds with GET /v1/status and check the spelling.',
  },
  'transaction-payload-invalid': {
    meaning: 'The payload does not match the schema of its kind.',
    httpStatus: 400,
    exitCode: 2,
    action: 'Compare the payload with the schema in /openapi.json.',
  },
  'ledger-foreign': {
    meaning: 'The transactions are signed for another ledger than that of this node.',
    httpStatus: 409,
    exitCode: 2,
    action: 'Compare the ledger ids: GET /v1/status has that of the node.',
  },
  'decision-input-invalid': {
    meaning: 'What a decision is asked over does not match its schema, or names what the rule set does not know.',
    httpStatus: 400,
    exitCode: 2,
    action: 'See the path in the message.',
  },
  'signature-invalid': {
    meaning: 'The signature does not verify for this ledger, sender and content.',
    httpStatus: 401,
    exitCode: 1,
    action: 'Check that the key is current, the ledger id is right and the bytes were not changed after signing.',
  },
  'key-not-current': {
    meaning: 'The transaction is signed with a key that its sender has replaced.',
    httpStatus: 401,
    exitCode: 1,
    action: 'Sign it with the key that is current; `assent identity show DID` says which.',
  },
  'window-expired': {
    meaning: 'validUntil has passed.',
    httpStatus: 400,
    exitCode: 1,
    action: 'Sign again with a new validUntil.',
  },
  'window-too-far': {
    meaning: 'validUntil is more than ten minutes ahead.',
    httpStatus: 400,
    exitCode: 1,
    action: 'Check the clock of the signing machine; sign again.',
  },
  'transaction-unknown': {
    meaning: 'No transaction with this id is committed here.',
    httpStatus: 404,
    exitCode: 1,
    action: 'Wait with `assent tx show ID --wait`, or check the id.',
  },
  // --- reading
  'block-unknown': {
    meaning: 'No committed block has this height or hash.',
    httpStatus: 404,
    exitCode: 1,
    action: 'List the blocks with `assent block list`.',
  },
  'history-not-kept': {
    meaning:
      'This node began with a snapshot, has given up what is old, or an earlier version kept less; what is asked for lies, or may lie, before what it has, and its archive does not have it.',
    httpStatus: 404,
    exitCode: 1,
    action: 'Ask another node; `assent status` says from which block on each has its history.',
  },
  'rule-set-unknown': {
    meaning:
      'That block ran under a version of the rules that this program does not have, so it cannot be executed again.',
    httpStatus: 404,
    exitCode: 1,
    action: 'Ask a node whose program has that version; the message names it.',
  },
  'not-found': {
    meaning: 'There is nothing under this name.',
    httpStatus: 404,
    exitCode: 1,
    action: 'Check the name or the id.',
  },
  'request-invalid': {
    meaning: 'The request does not match its schema.',
    httpStatus: 400,
    exitCode: 2,
    action: 'See /openapi.json.',
  },
  // --- taking work
  overloaded: {
    meaning: 'A bounded queue is full.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Try again after the time in Retry-After.',
  },
  'no-quorum': {
    meaning: 'No leader with a majority is known, so nothing can be committed now, nor read as of now.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Check the nodes with `assent status`; try again when a majority is up. --local reads what one node has.',
  },
  'not-leader': {
    meaning: 'This node does not lead, so it has no leadership to hand over.',
    httpStatus: 409,
    exitCode: 3,
    action: 'Ask the leader that `assent status` names.',
  },
  'leadership-kept': {
    meaning: 'The leadership was not handed over; the leader goes on.',
    httpStatus: 409,
    exitCode: 1,
    action: 'See the message; choose another voter that `assent cluster status` shows as running, or try again.',
  },
  'node-removed': {
    meaning: 'A certified block removed this node from the ledger; it stops by itself.',
    httpStatus: 410,
    exitCode: 1,
    action:
      'Nothing, if it was meant. A removed key never returns: bring the machine back under a new one with `assent node replace` or a proposal.',
  },
  'change-waiting': {
    meaning: 'A change of the nodes has not taken effect in time; an approved one still waits.',
    httpStatus: 504,
    exitCode: 5,
    action: 'See `assent node list` and `assent status`; the same command again goes on from there.',
  },
  'change-dropped': {
    meaning: 'The members dropped an approved change of the nodes before it took effect.',
    httpStatus: 409,
    exitCode: 1,
    action: 'See `assent proposal list`; ask for the change anew, with a node that runs.',
  },
  'node-behind': {
    meaning: 'This node has not yet applied what was committed before the read.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Ask another node; with --local (consistency=local) this one answers with what it has.',
  },
  'outcome-unknown': {
    meaning: 'The transaction was handed on and its outcome was not seen in time.',
    httpStatus: 504,
    exitCode: 5,
    action: 'Ask with `assent tx show ID --wait`; posting the same bytes again is safe.',
  },
  'clock-fault': {
    meaning: 'The clocks of a majority of nodes disagree by more than five seconds.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Repair time synchronisation on the nodes named in `assent status`.',
  },
  recovering: {
    meaning: 'The node is recovering and takes no work.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Wait until `assent status` shows another role, or ask another node.',
  },
  'shutting-down': { meaning: 'The node is stopping.', httpStatus: 503, exitCode: 3, action: 'Ask another node.' },
  'node-unreachable': {
    meaning: 'No node answered at this address.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Check --node and whether the node runs (`assent cluster status`).',
  },
  'reply-invalid': {
    meaning: 'What answered at this address does not answer as an Assent node of this version does.',
    httpStatus: 502,
    exitCode: 2,
    action: 'Check --node: another program may listen there, or a node of another version.',
  },
  // --- data directory and storage
  'storage-damaged': {
    meaning: 'The database lost or changed something that was durable.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Keep a copy of the directory as evidence; replace the node or restore it under a new key.',
  },
  'storage-failed': {
    meaning: 'The disk refused a write; the node stopped to keep its promises.',
    httpStatus: 503,
    exitCode: 2,
    action: 'Repair the disk, then restart the node.',
  },
  'storage-full': {
    meaning: 'The disk is full; the node takes no new work.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Make room, then restart the node.',
  },
  'storage-format-unknown': {
    meaning: 'The data directory was written by another or newer version.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Run the version that wrote it, or migrate.',
  },
  'storage-locked': {
    meaning: 'Another process uses this data directory.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Stop the other process first.',
  },
  'storage-foreign': {
    meaning: 'The data directory belongs to another ledger or node.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Point --dir at the right directory, or start with an empty one.',
  },
  'storage-permission': {
    meaning: 'A file or directory cannot be read or written by this user.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Correct its owner or mode.',
  },
  // --- archive of blocks, snapshots in files
  'archive-full': {
    meaning: 'There is no room for another file of the archive or another snapshot; nothing that was kept is lost.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Make room; a node goes on by itself.',
  },
  'archive-permission': {
    meaning: 'The folder of the archive or of the snapshots cannot be read or written by this user.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Correct its owner or mode; a node goes on by itself.',
  },
  'archive-failed': {
    meaning: 'The disk of the archive or of the snapshots refused an operation, or is not there.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Check the disk and whether it is mounted; a node goes on by itself.',
  },
  'backup-invalid': {
    meaning: 'A backup is damaged, cut off, of another ledger, or no backup; nothing was written.',
    httpStatus: 500,
    exitCode: 4,
    action: 'Take another backup, or let the node begin without one.',
  },
  'key-not-new': {
    meaning: 'The key of this directory is, or was, that of a node of the ledger; what is restored needs a new one.',
    httpStatus: 409,
    exitCode: 2,
    action: 'Make a directory with a new key (`assent join`) and restore into that.',
  },
  'archive-unset': {
    meaning: 'The configuration of this node names no folder for what is asked.',
    httpStatus: 409,
    exitCode: 2,
    action: 'Name one in the configuration of the node; see docs/configuration.md.',
  },
  'archive-damaged': {
    meaning: 'A file of the archive is not what was written, or is not of this chain.',
    httpStatus: 500,
    exitCode: 4,
    action: 'Put the same file of another node in its place: the files of all nodes are the same.',
  },
  'divergence-fault': {
    meaning: 'This node computed other roots than a certified block states.',
    httpStatus: 500,
    exitCode: 70,
    action: 'Keep the data directory and the log, and report it: this is a bug or damaged hardware.',
  },
  'rule-set-missing': {
    meaning: 'The members activated a version of the rules that this program does not have; the node stops before it.',
    httpStatus: 503,
    exitCode: 2,
    action: 'Install a version of the program that has these rules and start the node again on the same directory.',
  },
  // --- configuration
  'configuration-invalid': {
    meaning: 'The configuration file is wrong.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Correct the line that the message names.',
  },
  'genesis-invalid': {
    meaning: 'The genesis file is wrong.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Use the file that the consortium agreed on; compare its ledger id.',
  },
  'port-in-use': {
    meaning: 'Another program listens on this port.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Stop that program or choose another port.',
  },
  'address-refused': {
    meaning: 'The API may only bind a loopback address until it authenticates its callers.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Use 127.0.0.1 or ::1.',
  },
  'address-unavailable': {
    meaning: 'The node cannot listen on this address.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Use an address of this machine and a port that the user may bind.',
  },
  'host-refused': {
    meaning: 'The request names a host other than this machine.',
    httpStatus: 403,
    exitCode: 2,
    action: 'Address the node by 127.0.0.1, ::1 or localhost.',
  },
  usage: { meaning: 'The command line is wrong.', httpStatus: 400, exitCode: 2, action: 'See `assent help`.' },
  // --- keys
  'keystore-locked': {
    meaning: 'The passphrase does not open the keystore.',
    httpStatus: 401,
    exitCode: 2,
    action: 'Check the passphrase (ASSENT_PASSPHRASE or the prompt).',
  },
  'keystore-damaged': {
    meaning: 'The keystore file was changed or cut.',
    httpStatus: 500,
    exitCode: 2,
    action: 'Restore it from a backup.',
  },
  'key-unknown': {
    meaning: 'The keystore has no key of this name.',
    httpStatus: 404,
    exitCode: 2,
    action: 'List the keys with `assent identity list`.',
  },
  'key-exists': {
    meaning: 'The keystore has a key of this name already.',
    httpStatus: 409,
    exitCode: 2,
    action: 'Choose another name; a key is never replaced.',
  },
  'keystore-exists': {
    meaning: 'The directory holds a keystore already.',
    httpStatus: 409,
    exitCode: 2,
    action: 'Open it with its passphrase, or choose another directory with --home.',
  },
  // --- peers
  'peer-refused': {
    meaning: 'The peer is not a node of the configuration.',
    httpStatus: 403,
    exitCode: 2,
    action: 'Check the configuration of the ledger.',
  },
  'frame-invalid': {
    meaning: 'A peer sent a frame that is malformed or too long.',
    httpStatus: 400,
    exitCode: 2,
    action: 'Look at the peer that the log names.',
  },
  // --- blocks, seen by a follower
  'block-invalid': {
    meaning: 'A block breaks a rule of the ledger.',
    httpStatus: 500,
    exitCode: 4,
    action: 'See the reason; the leader that sealed it is not followed.',
  },
  'snapshot-invalid': {
    meaning: 'A snapshot, or a chunk of one, is not what the chain says it is, or is of no use to this node.',
    httpStatus: 500,
    exitCode: 4,
    action: 'See the reason; the node asks another peer.',
  },
  'snapshot-unavailable': {
    meaning: 'This node has no block now of which it could prove a snapshot.',
    httpStatus: 503,
    exitCode: 3,
    action: 'Try again when the ledger has grown; `assent status` says whether something stands in the way.',
  },
  // --- verification
  'verification-failed': {
    meaning: 'What was to be verified does not hold.',
    httpStatus: 409,
    exitCode: 4,
    action: 'See the message for what differs.',
  },
  'recovery-invalid': {
    meaning: 'A recovery statement, or a report for one, cannot be used.',
    httpStatus: 409,
    exitCode: 4,
    action:
      'See the reason; compare the statement with the reports it was drafted from, and draft it again if need be.',
  },
  'history-invalid': {
    meaning: 'A configuration history does not prove what it says.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Get it again, from another node, and check that the genesis is that of the ledger.',
  },
  'receipt-malformed': {
    meaning: 'The file is no receipt.',
    httpStatus: 400,
    exitCode: 4,
    action: 'Get the receipt again; it may have been cut or changed on its way.',
  },
  'receipt-too-large': {
    meaning: 'The receipt would have, or has, more than 8 MiB or 10,000 entries of a log.',
    httpStatus: 413,
    exitCode: 4,
    action: 'Ask for a shorter range, or for a receipt from a checkpoint that you have pinned.',
  },
  'receipt-of-another-ledger': {
    meaning: 'The receipt does not begin with what you have pinned.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Compare the genesis hash, or the checkpoint, with what you were given when you trusted it.',
  },
  'receipt-history-invalid': {
    meaning: 'The changes of the nodes since what you have pinned are not proved.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-certificate-invalid': {
    meaning: 'No majority of the nodes certified the newest block of the receipt.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-block-unproved': {
    meaning: 'The block that the receipt is about is no ancestor of the certified one.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-transaction-unproved': {
    meaning: 'The transaction does not stand where the receipt says.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-result-unproved': {
    meaning: 'The result is not that of the transaction.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-state-unproved': {
    meaning: 'The state of the block does not have what the receipt says.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-consistency-unproved': {
    meaning: 'The older block does not stand in the history of the newer one.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Keep both: two certified blocks that are not consistent prove a fork.',
  },
  'receipt-range-incomplete': {
    meaning: 'The entries are not all that the log has in that time.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the receipt again, from another node.',
  },
  'receipt-cosignature-invalid': {
    meaning: 'A cosignature of the checkpoint does not verify, or the cosignatures are not in their order.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Believe nothing in it; get the checkpoint again, from another node.',
  },
  'receipt-witnesses-missing': {
    meaning: 'Fewer of the witnesses that you trust cosigned it than you demand.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Ask another node for a checkpoint with more cosignatures, or wait until more witnesses have signed.',
  },
  // --- checkpoints
  'checkpoint-split': {
    meaning: 'Two proved blocks of one ledger contradict each other: its nodes showed two histories.',
    httpStatus: 409,
    exitCode: 4,
    action:
      'Keep the file of evidence and show it to all members and witnesses; believe neither history until they have answered.',
  },
  'checkpoint-abandoned': {
    meaning: 'One of two contradicting blocks was abandoned by a recovery that the members signed.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Ask the members what the recovery gave up; verify later checkpoints from genesis anew.',
  },
  'checkpoint-unproved': {
    meaning: 'Whether two checkpoints are of one history is not proved.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Name with --node a node that has both blocks, or give a receipt of their consistency.',
  },
  'checkpoint-contradicted': {
    meaning: 'The node holds another block of this height than the one that was cosigned.',
    httpStatus: 409,
    exitCode: 4,
    action: 'Keep both checkpoints and compare them with `assent checkpoint compare`.',
  },
  'witness-unknown': {
    meaning: 'The node keeps cosignatures of members and of the witnesses in its configuration only.',
    httpStatus: 403,
    exitCode: 1,
    action: "Ask the node's operator to add the key to `witnesses` in node.json.",
  },
  'witness-refused': {
    meaning: 'A witness does not sign what goes back, what contradicts what it signed, or without its memory.',
    httpStatus: 409,
    exitCode: 4,
    action: 'See the message; keep what the node showed and compare it with `assent checkpoint compare`.',
  },
  'input-invalid': {
    meaning: 'An input file cannot be read as what it should be.',
    httpStatus: 400,
    exitCode: 2,
    action: 'See the message for the file and place.',
  },
  refused: {
    meaning: 'The ledger refused the transaction by a rule.',
    httpStatus: 200,
    exitCode: 1,
    action: 'See the rule and its sentence, or `assent tx explain ID`.',
  },
  internal: { meaning: 'A bug.', httpStatus: 500, exitCode: 70, action: 'Report it with the log.' },
} as const;

export type ErrorCode = keyof typeof entries;

export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = entries;
