import { CreateRecord1795510000000 } from './migrations/1795510000000-create-record.js';
import { KeepDeadLetters1795520400000 } from './migrations/1795520400000-keep-dead-letters.js';
import { RecordRouting1795524000000 } from './migrations/1795524000000-record-routing.js';
import { AddSchemaRegistry1795530400000 } from './migrations/1795530400000-add-schema-registry.js';
import { AddRuleErrors1795530410000 } from './migrations/1795530410000-add-rule-errors.js';
import { CreateHold1795590000000 } from './migrations/1795590000000-create-hold.js';
import { FlagDuplicatePayee1795590100000 } from './migrations/1795590100000-flag-duplicate-payee.js';
import { AddLaneSeen1795600000000 } from './migrations/1795600000000-add-lane-seen.js';
import { AddMessageRefusals1795610000000 } from './migrations/1795610000000-add-message-refusals.js';
import { AddIntakeFiles1795620000000 } from './migrations/1795620000000-add-intake-files.js';
import { AddQuestions1795630000000 } from './migrations/1795630000000-add-questions.js';
import { MarkHeldLines1795640000000 } from './migrations/1795640000000-mark-held-lines.js';
import { AddSenderQuota1795640100000 } from './migrations/1795640100000-add-sender-quota.js';
import { KeepPayeeHandles1795660000000 } from './migrations/1795660000000-keep-payee-handles.js';
import { KeepBankFiles1795700000000 } from './migrations/1795700000000-keep-bank-files.js';
import { ShowReviews1795710000000 } from './migrations/1795710000000-show-reviews.js';
import { GuardLanes1795710100000 } from './migrations/1795710100000-guard-lanes.js';
import { NoteClosingCallbacks1795720000000 } from './migrations/1795720000000-note-closing-callbacks.js';
import { ResolvePayees1795750000000 } from './migrations/1795750000000-resolve-payees.js';
import { ChainHistory1795760000000 } from './migrations/1795760000000-chain-history.js';
import { FindLines1795770000000 } from './migrations/1795770000000-find-lines.js';
import { NoteRestores1795780000000 } from './migrations/1795780000000-note-restores.js';
import { KeepStatements1795790000000 } from './migrations/1795790000000-keep-statements.js';
import { KnowAccounts1795800000000 } from './migrations/1795800000000-know-accounts.js';
import { CloseBatches1795810000000 } from './migrations/1795810000000-close-batches.js';
import { MakePacks1795820000000 } from './migrations/1795820000000-make-packs.js';
import { PurgeBatches1795830000000 } from './migrations/1795830000000-purge-batches.js';
import { OpenEnvelopes1795840000000 } from './migrations/1795840000000-open-envelopes.js';
import { KeepClientIds1795850000000 } from './migrations/1795850000000-keep-client-ids.js';
import { NoteEndedLane1795860000000 } from './migrations/1795860000000-note-ended-lane.js';
import { CountRetried1795860100000 } from './migrations/1795860100000-count-retried.js';

/** Every step of the schema, in its order. What has landed is never changed. */
export const MIGRATIONS = [
  CreateRecord1795510000000,
  KeepDeadLetters1795520400000,
  RecordRouting1795524000000,
  AddSchemaRegistry1795530400000,
  AddRuleErrors1795530410000,
  CreateHold1795590000000,
  FlagDuplicatePayee1795590100000,
  AddLaneSeen1795600000000,
  AddMessageRefusals1795610000000,
  AddIntakeFiles1795620000000,
  AddQuestions1795630000000,
  MarkHeldLines1795640000000,
  AddSenderQuota1795640100000,
  KeepPayeeHandles1795660000000,
  KeepBankFiles1795700000000,
  ShowReviews1795710000000,
  GuardLanes1795710100000,
  NoteClosingCallbacks1795720000000,
  ResolvePayees1795750000000,
  ChainHistory1795760000000,
  FindLines1795770000000,
  NoteRestores1795780000000,
  KeepStatements1795790000000,
  KnowAccounts1795800000000,
  CloseBatches1795810000000,
  MakePacks1795820000000,
  PurgeBatches1795830000000,
  OpenEnvelopes1795840000000,
  KeepClientIds1795850000000,
  NoteEndedLane1795860000000,
  CountRetried1795860100000,
];
