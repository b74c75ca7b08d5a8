import { type Contract, defineContract } from '../engine/contract.ts';
import { deactivate } from './deactivate.ts';
import { addDelegate, removeDelegate } from './delegates.ts';
import {
  deactivationDecided,
  delegateAdded,
  delegateRemoved,
  guardiansSet,
  keyRotated,
  recoveryApproved,
  recoveryFinished,
  recoveryOpened,
  recoveryVetoed,
} from './entries.ts';
import { setGuardians } from './guardians.ts';
import { approveRecovery, finishRecovery, openRecovery, vetoRecovery } from './recovery.ts';
import { rotate } from './rotate.ts';
import { currentKeyOf, deadline, isDeactivated } from './state.ts';

/** Which key signs for an identity, who can replace it, and who acts for whom (docs/contracts.md, `identity`). */
export const identity: Contract = defineContract({
  namespace: 'identity',
  summary: 'Which key signs for whom, who can replace a key that was lost or stolen, and who acts for whom.',
  streams: {
    'identity:<subject hex>': [
      keyRotated,
      guardiansSet,
      recoveryOpened,
      recoveryApproved,
      recoveryVetoed,
      recoveryFinished,
      deactivationDecided,
      delegateAdded,
      delegateRemoved,
    ],
  },
  latestDeadline: (state) => deadline.get(state)?.at,
  identities: { currentKey: currentKeyOf, isDeactivated },
  kinds: {
    'identity.rotate': rotate,
    'identity.setGuardians': setGuardians,
    'identity.openRecovery': openRecovery,
    'identity.approveRecovery': approveRecovery,
    'identity.vetoRecovery': vetoRecovery,
    'identity.finishRecovery': finishRecovery,
    'identity.deactivate': deactivate,
    'identity.addDelegate': addDelegate,
    'identity.removeDelegate': removeDelegate,
  },
});
