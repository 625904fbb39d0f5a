/** The closed catalogue of condition types and reasons that a status may show (docs/reference/reasons.md). */

/** After kstatus: Ready and InSync are good when True, Reconciling and Stalled are good when absent or False. */
export const CONDITION_TYPES = {
  Ready: "The policy is valid, its permissions are there, its kinds are watched and every trigger was planned once.",
  InSync: "No trigger fails and no object differs from what the policy wants.",
  Reconciling: "The current generation of the policy was not yet planned for all of its triggers.",
  Stalled:
    "The policy cannot go on without somebody changing it, or something it needs; never because of a single object.",
  PermissionsGranted: "The operator may do all that the policy needs.",
} as const;

export type ConditionType = keyof typeof CONDITION_TYPES;

/** Each reason with the sentence that stands in the reference: what it says, and what ends it. */
export const REASONS = {
  // Of conditions that hold, or are on their way.
  Planned: "Every trigger of the current generation was planned.",
  Planning: "The current generation is being planned for its triggers; this ends by itself.",
  AllInSync: "Every object is exactly as the policy wants it.",
  Correcting: "Some objects differ from what the policy wants and are being put right; this ends by itself.",
  Progressing: "Nothing holds the policy up.",
  Succeeded:
    "The rules of a policy of kyverno.io that generate, or change existing objects, are served; in that group this is the reason for Ready.",
  Granted: "Every permission that the policy needs is there.",
  // Of policies that cannot be served as they stand.
  InvalidPolicy: "The policy is wrong as written; the message has path, value and what would be right.",
  UnsupportedField: "The policy uses a field of the language that this version does not serve; remove the field.",
  PermissionMissing: "The operator lacks a permission that the policy needs; the message names verb and resource.",
  KindUnknown: "The API server does not serve a kind that the policy names; goes on by itself once it does.",
  Unreachable:
    "Something the policy needs cannot be read now, so nothing is concluded from its absence; tried again by itself.",
  AdmissionOff:
    "The policy has rules that act while objects are written, and the operator was not started with --webhook-address.",
  // Of single objects.
  Adopted: "An object that was there before the policy was taken over.",
  ChangesLost:
    "An edge rule was waiting with so many changes that later ones were let go; the message says how many. Told until the policy is changed or the operator starts anew.",
  Conflict: "The object belongs to another manager or to another policy, which the message names.",
  Cycle:
    "What the rule makes would trigger it again without coming to rest; the message prints the round. A rule may follow upon itself eight times in a chain.",
  ContextMissing:
    "Something that the rule reads is not there, or nobody knows who created the trigger; planned again as soon as it appears.",
  ExpressionFailed:
    "An expression of the rule gives an error for this trigger; the message has the path and the expression.",
  Fighting: "Somebody else keeps changing the object back, so it is corrected less often.",
  ImmutableField:
    "A field has to change that Kubernetes does not allow to change; not tried again until the policy or the object changes.",
  InvalidTarget:
    "What the rule makes for this trigger is no object that Kubernetes accepts; the message has the server's words.",
  NamespaceMissing: "The namespace the object should lie in does not exist; made as soon as it does.",
  NamespaceTerminating: "The namespace the object should lie in is being deleted.",
  NotAccepted:
    "The server, or a webhook, keeps another value than the policy wants; the message has path, wanted and kept. Not tried again until the policy or the object changes.",
  NotConvergent:
    "Applying the rule to its own result changes it again, or two rules undo each other; nothing is written.",
  OutsideNamespace: "A namespaced Policy would reach outside its own namespace for this trigger.",
  PruneHeld: "More objects than the prune limit are no longer wanted; they are kept until somebody approves.",
  Rejected: "The server refused the object, for example by a quota or an admission rule; the message has its words.",
  SourceMissing: "The object that a rule copies does not exist; copied as soon as it does.",
  SourceRefused: "The object that a rule copies is one that cannot have copies; the message says why.",
  SystemNamespace: "The trigger or the object is, or lies in, a namespace of the system that is not served.",
  TargetKept:
    "An object that carries our marks is kept because nothing is known any more about the policy that made it; told by the log and a metric.",
} as const;

export type Reason = keyof typeof REASONS;

/** Reserved for what this version does not serve yet: no status shows them. */
export const LATER_REASONS: readonly Reason[] = ["Adopted", "Fighting"];
