// Generated from crds/*.yaml by `npm run generate`. Do not edit.
import type { KindSchema } from './schema/node.ts';

export const SCHEMAS: Readonly<Record<'Session' | 'VMPool' | 'VM', KindSchema>> = {
 "Session": {
  "type": "object",
  "description": "Session is one run of an AI agent, or of a command, on a slot of a VM of a pool.",
  "required": [
   "spec"
  ],
  "x-kubernetes-validations": [
   {
    "rule": "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
    "message": "must be a DNS label: at most 63 lower case letters, digits and '-', beginning and ending with a letter or digit",
    "fieldPath": ".metadata.name"
   }
  ],
  "properties": {
   "apiVersion": {
    "type": "string",
    "description": "apiVersion is the versioned schema of this object, berth.dev/v1alpha1."
   },
   "kind": {
    "type": "string",
    "description": "kind is the kind of this object, Session."
   },
   "metadata": {
    "type": "object",
    "properties": {
     "name": {
      "type": "string"
     }
    }
   },
   "spec": {
    "type": "object",
    "description": "spec is what to run and where. All of it is immutable but shutdown, input, priority, activeDeadlineSeconds and ttlSecondsAfterFinished: to change anything else create a new session.",
    "x-kubernetes-validations": [
     {
      "rule": "has(self.prompt) || has(self.command)",
      "message": "prompt is required unless command is set"
     },
     {
      "rule": "!has(self.prompt) || size(bytes(self.prompt)) <= 65536",
      "message": "prompt must be at most 64 KiB (65536 bytes): shorten it, or put the text into the repository and refer to it"
     },
     {
      "rule": "!has(self.command) || !(has(self.agent) || has(self.mode) || has(self.maxTurns))",
      "message": "agent, mode and maxTurns may not be set beside command: remove them, or remove command"
     },
     {
      "rule": "has(self.prompt) == has(oldSelf.prompt) && (!has(self.prompt) || self.prompt == oldSelf.prompt)",
      "message": "prompt is immutable: create a new session"
     },
     {
      "rule": "has(self.agent) == has(oldSelf.agent) && (!has(self.agent) || self.agent == oldSelf.agent)",
      "message": "agent is immutable: create a new session"
     },
     {
      "rule": "has(self.mode) == has(oldSelf.mode) && (!has(self.mode) || self.mode == oldSelf.mode)",
      "message": "mode is immutable: create a new session"
     },
     {
      "rule": "has(self.maxTurns) == has(oldSelf.maxTurns) && (!has(self.maxTurns) || self.maxTurns == oldSelf.maxTurns)",
      "message": "maxTurns is immutable: create a new session"
     },
     {
      "rule": "has(self.command) == has(oldSelf.command) && (!has(self.command) || self.command == oldSelf.command)",
      "message": "command is immutable: create a new session"
     },
     {
      "rule": "has(self.env) == has(oldSelf.env) && (!has(self.env) || self.env == oldSelf.env)",
      "message": "env is immutable: create a new session"
     },
     {
      "rule": "has(self.source) == has(oldSelf.source) && (!has(self.source) || self.source == oldSelf.source)",
      "message": "source is immutable: create a new session"
     },
     {
      "rule": "has(self.poolRef) == has(oldSelf.poolRef) && (!has(self.poolRef) || self.poolRef == oldSelf.poolRef)",
      "message": "poolRef is immutable: create a new session"
     },
     {
      "rule": "has(self.size) == has(oldSelf.size) && (!has(self.size) || self.size == oldSelf.size)",
      "message": "size is immutable: create a new session"
     },
     {
      "rule": "has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",
      "message": "region is immutable: create a new session"
     },
     {
      "rule": "has(self.memoryMiB) == has(oldSelf.memoryMiB) && (!has(self.memoryMiB) || self.memoryMiB == oldSelf.memoryMiB)",
      "message": "memoryMiB is immutable: create a new session"
     },
     {
      "rule": "has(self.retryLimit) == has(oldSelf.retryLimit) && (!has(self.retryLimit) || self.retryLimit == oldSelf.retryLimit)",
      "message": "retryLimit is immutable: create a new session"
     },
     {
      "rule": "has(self.maxOutputMiB) == has(oldSelf.maxOutputMiB) && (!has(self.maxOutputMiB) || self.maxOutputMiB == oldSelf.maxOutputMiB)",
      "message": "maxOutputMiB is immutable: create a new session"
     }
    ],
    "properties": {
     "prompt": {
      "type": "string",
      "minLength": 1,
      "maxLength": 32768,
      "description": "prompt is the task given to the agent, at most 32768 characters and 64 KiB. Required unless command is set; beside a command it arrives as a file named by the variable BERTH_PROMPT_FILE. Immutable."
     },
     "agent": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "amplihack",
       "claude",
       "codex",
       "copilot"
      ],
      "description": "agent is the program that works on the prompt. Unset means amplihack, decided at launch and echoed in status.launch. May not be set beside command. Immutable."
     },
     "mode": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "auto",
       "ultrathink",
       "analyze",
       "fix"
      ],
      "description": "mode is how the agent works on the prompt. Unset means auto, decided at launch and echoed in status.launch. May not be set beside command. Immutable."
     },
     "maxTurns": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 100000,
      "description": "maxTurns is the number of turns the agent may take. Unset means 10, decided at launch and echoed in status.launch. May not be set beside command. Immutable."
     },
     "command": {
      "type": "array",
      "minItems": 1,
      "maxItems": 256,
      "x-kubernetes-list-type": "atomic",
      "description": "command is a program and its arguments to run instead of an agent, passed as they are and read by no shell. Unset means that the agent runs with the prompt. Immutable.",
      "items": {
       "type": "string",
       "maxLength": 8192,
       "pattern": "^[^\\x00]*$"
      }
     },
     "env": {
      "type": "array",
      "maxItems": 128,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "name"
      ],
      "description": "env is a list of variables added to the session's environment. Unset means none. Immutable.",
      "items": {
       "type": "object",
       "required": [
        "name"
       ],
       "x-kubernetes-validations": [
        {
         "rule": "has(self.value) != has(self.secretRef)",
         "message": "set exactly one of value and secretRef"
        }
       ],
       "properties": {
        "name": {
         "type": "string",
         "minLength": 1,
         "maxLength": 256,
         "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
         "description": "name is the name of the variable; letters, digits and '_', not beginning with a digit."
        },
        "value": {
         "type": "string",
         "maxLength": 32768,
         "pattern": "^[^\\x00]*$",
         "description": "value is the value of the variable, readable by all who can read the session. Unset means that secretRef gives it."
        },
        "secretRef": {
         "type": "object",
         "required": [
          "name",
          "key"
         ],
         "description": "secretRef is the key of a secret in the session's namespace that holds the value. Unset means that value gives it.",
         "properties": {
          "name": {
           "type": "string",
           "minLength": 1,
           "maxLength": 253,
           "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$",
           "description": "name is the name of the secret, in the namespace of the session."
          },
          "key": {
           "type": "string",
           "minLength": 1,
           "maxLength": 253,
           "pattern": "^[-._a-zA-Z0-9]+$",
           "description": "key is the key within the secret."
          }
         }
        }
       }
      }
     },
     "source": {
      "type": "object",
      "description": "source is what the workspace holds at the start. Unset means an empty workspace. Immutable.",
      "x-kubernetes-validations": [
       {
        "rule": "has(self.git) != has(self.bundle)",
        "message": "set exactly one of git and bundle"
       }
      ],
      "properties": {
       "git": {
        "type": "object",
        "required": [
         "url"
        ],
        "description": "git is a repository that is cloned into the workspace. Unset means that bundle gives the source.",
        "x-kubernetes-validations": [
         {
          "rule": "self.url.matches('^(https?|ssh|git)://([^ @/]+@)?[^- @/][^ ]*$') || self.url.matches('^file:///[^ ]+$') || self.url.matches('^/[^ ]*$') || self.url.matches('^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^- ][^ ]*$')",
          "message": "url must be an https, http, ssh, git or file URL, an absolute path, or user@host:path"
         },
         {
          "rule": "!has(self.ref) || !self.ref.startsWith('-')",
          "message": "ref must not begin with '-'"
         }
        ],
        "properties": {
         "url": {
          "type": "string",
          "minLength": 1,
          "maxLength": 2048,
          "description": "url is where to clone from and push to: an https, http, ssh, git or file URL, an absolute path on the VM, or user@host:path. It must not begin with '-'."
         },
         "ref": {
          "type": "string",
          "minLength": 1,
          "maxLength": 255,
          "description": "ref is the branch, tag or commit to check out. Unset means the repository's default branch."
         },
         "secretRef": {
          "type": "object",
          "required": [
           "name"
          ],
          "description": "secretRef is a secret in the session's namespace with the keys username and password, or ssh-privatekey and known_hosts, for clone and push. Unset means none.",
          "properties": {
           "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": 253,
            "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$",
            "description": "name is the name of the secret, in the namespace of the session."
           }
          }
         }
        }
       },
       "bundle": {
        "type": "object",
        "required": [
         "sha256",
         "sizeBytes"
        ],
        "description": "bundle is a git bundle that the command line uploads first. Unset means that git gives the source.",
        "properties": {
         "sha256": {
          "type": "string",
          "minLength": 64,
          "maxLength": 64,
          "pattern": "^[0-9a-f]{64}$",
          "description": "sha256 is the digest of the bundle, 64 lower case hexadecimal digits."
         },
         "sizeBytes": {
          "type": "integer",
          "format": "int64",
          "minimum": 1,
          "maximum": 9007199254740991,
          "description": "sizeBytes is the size of the bundle in bytes."
         },
         "remotes": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
           "name"
          ],
          "description": "remotes is the list of git remotes set up in the workspace. Unset means none.",
          "items": {
           "type": "object",
           "required": [
            "name",
            "url"
           ],
           "properties": {
            "name": {
             "type": "string",
             "minLength": 1,
             "maxLength": 255,
             "pattern": "^[A-Za-z0-9_][A-Za-z0-9._/-]*$",
             "description": "name is the name of the remote."
            },
            "url": {
             "type": "string",
             "minLength": 1,
             "maxLength": 2048,
             "pattern": "^[^-]",
             "description": "url is the URL of the remote. It must not begin with '-'."
            }
           }
          }
         }
        }
       }
      }
     },
     "poolRef": {
      "type": "object",
      "required": [
       "name"
      ],
      "default": {
       "name": "default"
      },
      "description": "poolRef is the VMPool that the session runs in. Default: {name: default}. Immutable.",
      "properties": {
       "name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 50,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "description": "name is the name of a VMPool in the namespace of the session."
       }
      }
     },
     "size": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "s",
       "m",
       "l",
       "xl"
      ],
      "description": "size is the VM size that the session needs. Unset means that it may share any VM of the pool; a VM made for it has the pool's first size. Immutable."
     },
     "region": {
      "type": "string",
      "minLength": 1,
      "maxLength": 63,
      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      "description": "region is the region that the session's VM must be in. Unset means any. Immutable."
     },
     "priority": {
      "type": "integer",
      "format": "int32",
      "minimum": -1000000,
      "maximum": 1000000,
      "default": 0,
      "description": "priority is the session's rank in the queue of its pool, higher first. Default: 0."
     },
     "memoryMiB": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 16777216,
      "default": 16384,
      "description": "memoryMiB is the memory set aside on the VM for the session, in MiB. Default: 16384. Immutable."
     },
     "activeDeadlineSeconds": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 315360000,
      "description": "activeDeadlineSeconds is the time the session may take, in seconds from its first start, across attempts; past it it fails with DeadlineExceeded. Unset means no limit (the command line sets 24 hours unless told otherwise)."
     },
     "retryLimit": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 100,
      "default": 0,
      "description": "retryLimit is the number of new attempts after the loss of a VM, never after the agent's own failure. Default: 0. Immutable."
     },
     "maxOutputMiB": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 1048576,
      "default": 4096,
      "description": "maxOutputMiB is the output that is kept, in MiB; past it the VM keeps a rolling last 64 MiB, and the session goes on. Default: 4096. Immutable."
     },
     "ttlSecondsAfterFinished": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 315360000,
      "description": "ttlSecondsAfterFinished is the time in seconds after its end when the session is deleted. Unset means that it is kept."
     },
     "shutdown": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "Graceful",
       "Immediate"
      ],
      "description": "shutdown asks the session to end: Graceful sends SIGTERM to the whole process tree and SIGKILL 10 seconds later, Immediate sends SIGKILL at once. Unset means that it goes on; once seen, removing it has no effect."
     },
     "input": {
      "type": "array",
      "maxItems": 256,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "id"
      ],
      "description": "input is a list of texts to type into the session, each at most once and in the order of the list. Unset means none.",
      "items": {
       "type": "object",
       "required": [
        "id",
        "text"
       ],
       "x-kubernetes-validations": [
        {
         "rule": "self.text == oldSelf.text",
         "message": "text is immutable: add another input with a new id"
        }
       ],
       "properties": {
        "id": {
         "type": "string",
         "minLength": 1,
         "maxLength": 63,
         "pattern": "^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$",
         "description": "id is what tells this text from others of the session; letters, digits, '-', '_' and '.'."
        },
        "text": {
         "type": "string",
         "maxLength": 4096,
         "description": "text is what is typed, followed by Enter; at most 4096 characters. Immutable."
        }
       }
      }
     }
    }
   },
   "status": {
    "type": "object",
    "default": {
     "observedGeneration": -1
    },
    "description": "status is what has been observed of the session. Written by the controller alone.",
    "properties": {
     "observedGeneration": {
      "type": "integer",
      "format": "int64",
      "minimum": -1,
      "maximum": 9007199254740991,
      "description": "observedGeneration is the metadata.generation that this status belongs to; -1 before the first look."
     },
     "phase": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "Pending",
       "Running",
       "Completed",
       "Failed",
       "Killed"
      ],
      "description": "phase is the state of the session in one word, derived from the conditions for display. Unset means not looked at yet."
     },
     "summary": {
      "type": "string",
      "maxLength": 48,
      "description": "summary is the beginning of the prompt or command on one line, at most 48 characters."
     },
     "vm": {
      "type": "object",
      "required": [
       "name",
       "uid"
      ],
      "description": "vm is the VM that the session is placed on. Unset means not placed.",
      "properties": {
       "name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "description": "name is the name of the VM object."
       },
       "uid": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "uid is the UID of the VM object."
       }
      }
     },
     "attempt": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 1000,
      "description": "attempt is the number of the current or last attempt, from 1. Unset means not placed yet."
     },
     "launch": {
      "type": "object",
      "required": [
       "agent",
       "mode",
       "maxTurns"
      ],
      "description": "launch is what was decided at launch where the spec left it open. Unset means not launched, or a command.",
      "properties": {
       "agent": {
        "type": "string",
        "minLength": 1,
        "maxLength": 16,
        "description": "agent is the agent that was launched."
       },
       "mode": {
        "type": "string",
        "minLength": 1,
        "maxLength": 16,
        "description": "mode is the mode it was launched in."
       },
       "maxTurns": {
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": 100000,
        "description": "maxTurns is the number of turns it was given."
       }
      }
     },
     "startTime": {
      "type": "string",
      "format": "date-time",
      "maxLength": 32,
      "description": "startTime is when the first attempt started. Unset means not started."
     },
     "completionTime": {
      "type": "string",
      "format": "date-time",
      "maxLength": 32,
      "description": "completionTime is when the session ended, as seen on the VM. Unset means not ended."
     },
     "exitCode": {
      "type": "integer",
      "format": "int32",
      "minimum": -1,
      "maximum": 255,
      "description": "exitCode is the exit code of the process, 128 + n after signal n. Unset means not ended, or not known."
     },
     "reason": {
      "type": "string",
      "maxLength": 64,
      "description": "reason is one CamelCase word for why the session waits, or how it ended. Unset means nothing to say."
     },
     "message": {
      "type": "string",
      "maxLength": 1024,
      "description": "message is the reason in a sentence. Unset means nothing to say."
     },
     "shutdown": {
      "type": "object",
      "required": [
       "mode",
       "requestedTime"
      ],
      "description": "shutdown is the shutdown request as it was first seen; it stays. Unset means none was.",
      "properties": {
       "mode": {
        "type": "string",
        "minLength": 1,
        "maxLength": 16,
        "enum": [
         "Graceful",
         "Immediate"
        ],
        "description": "mode is the way of ending that was asked for."
       },
       "requestedTime": {
        "type": "string",
        "format": "date-time",
        "maxLength": 32,
        "description": "requestedTime is when the request was first seen."
       }
      }
     },
     "output": {
      "type": "object",
      "required": [
       "bytes",
       "lines",
       "truncated",
       "updatedTime"
      ],
      "description": "output is what has been written so far. Unset means nothing was copied yet.",
      "properties": {
       "bytes": {
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "maximum": 9007199254740991,
        "description": "bytes is the number of bytes copied from the VM."
       },
       "lines": {
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "maximum": 9007199254740991,
        "description": "lines is the number of lines copied from the VM."
       },
       "truncated": {
        "type": "boolean",
        "description": "truncated is whether maxOutputMiB was passed and output was dropped."
       },
       "updatedTime": {
        "type": "string",
        "format": "date-time",
        "maxLength": 32,
        "description": "updatedTime is when output last grew, as recorded here."
       },
       "tail": {
        "type": "string",
        "maxLength": 4096,
        "description": "tail is the last of the output, at most 4 KiB, cut at a line, without control sequences. Unset means nothing yet."
       }
      }
     },
     "results": {
      "type": "object",
      "description": "results is what came of the session. Unset means nothing found.",
      "properties": {
       "pullRequestURL": {
        "type": "string",
        "maxLength": 2048,
        "description": "pullRequestURL is the last pull request named in the output. Unset means none."
       },
       "branch": {
        "type": "string",
        "maxLength": 255,
        "description": "branch is the branch checked out in the workspace at the end. Unset means none."
       },
       "commit": {
        "type": "string",
        "maxLength": 64,
        "description": "commit is the commit checked out in the workspace at the end. Unset means none."
       }
      }
     },
     "waiting": {
      "type": "object",
      "required": [
       "since"
      ],
      "description": "waiting is the question that the session waits with. Unset means that it does not wait.",
      "properties": {
       "since": {
        "type": "string",
        "format": "date-time",
        "maxLength": 32,
        "description": "since is when it began to wait."
       },
       "question": {
        "type": "string",
        "maxLength": 4096,
        "description": "question is what it asks. Unset means not known."
       }
      }
     },
     "input": {
      "type": "object",
      "required": [
       "deliveredIDs"
      ],
      "description": "input is what of spec.input was typed. Unset means none.",
      "properties": {
       "deliveredIDs": {
        "type": "array",
        "maxItems": 4096,
        "x-kubernetes-list-type": "set",
        "description": "deliveredIDs is the list of the ids of spec.input that were typed.",
        "items": {
         "type": "string",
         "maxLength": 63
        }
       },
       "typing": {
        "type": "object",
        "required": [
         "id",
         "attempt"
        ],
        "description": "typing is the input about to be typed, recorded before it is. Should its VM be lost in that moment, it counts as typed. Unset means none.",
        "properties": {
         "id": {
          "type": "string",
          "minLength": 1,
          "maxLength": 63,
          "description": "id is that of spec.input."
         },
         "attempt": {
          "type": "integer",
          "format": "int32",
          "minimum": 1,
          "maximum": 1000,
          "description": "attempt is the one it is typed into."
         }
        }
       }
      }
     },
     "cost": {
      "type": "object",
      "required": [
       "vmUSD"
      ],
      "description": "cost is what the session has cost. Unset means not known.",
      "properties": {
       "vmUSD": {
        "type": "string",
        "minLength": 1,
        "maxLength": 12,
        "pattern": "^[0-9]{1,7}(\\.[0-9]{1,4})?$",
        "description": "vmUSD is the session's share of its VMs' price, in USD."
       }
      }
     },
     "conditions": {
      "type": "array",
      "maxItems": 16,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "type"
      ],
      "description": "conditions is what is observed: Placed, Started, Finished, WaitingForInput and Ready; Reconciling and Stalled only while true.",
      "items": {
       "type": "object",
       "required": [
        "type",
        "status",
        "lastTransitionTime",
        "reason",
        "message"
       ],
       "properties": {
        "type": {
         "type": "string",
         "minLength": 1,
         "maxLength": 316,
         "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
         "description": "type is the name of the condition."
        },
        "status": {
         "type": "string",
         "minLength": 1,
         "maxLength": 16,
         "enum": [
          "True",
          "False",
          "Unknown"
         ],
         "description": "status is True, False or Unknown."
        },
        "observedGeneration": {
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 9007199254740991,
         "description": "observedGeneration is the metadata.generation that the condition was set for. Unset means not known."
        },
        "lastTransitionTime": {
         "type": "string",
         "format": "date-time",
         "maxLength": 32,
         "description": "lastTransitionTime is when status last changed."
        },
        "reason": {
         "type": "string",
         "minLength": 1,
         "maxLength": 1024,
         "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
         "description": "reason is one CamelCase word for why."
        },
        "message": {
         "type": "string",
         "maxLength": 32768,
         "description": "message is the reason in a sentence; may be empty."
        }
       }
      }
     }
    }
   }
  }
 },
 "VMPool": {
  "type": "object",
  "description": "VMPool is a set of VMs of one provider that grows and shrinks with the sessions placed on it.",
  "required": [
   "spec"
  ],
  "x-kubernetes-validations": [
   {
    "rule": "self.metadata.name.size() <= 50 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
    "message": "must be a DNS label of at most 50 characters: lower case letters, digits and '-', beginning and ending with a letter or digit",
    "fieldPath": ".metadata.name"
   }
  ],
  "properties": {
   "apiVersion": {
    "type": "string",
    "description": "apiVersion is the versioned schema of this object, berth.dev/v1alpha1."
   },
   "kind": {
    "type": "string",
    "description": "kind is the kind of this object, VMPool."
   },
   "metadata": {
    "type": "object",
    "properties": {
     "name": {
      "type": "string"
     }
    }
   },
   "spec": {
    "type": "object",
    "required": [
     "provider",
     "sizes"
    ],
    "description": "spec is what VMs the pool may have, and when they come and go.",
    "x-kubernetes-validations": [
     {
      "rule": "!has(self.minVMs) || !has(self.maxVMs) || self.minVMs <= self.maxVMs",
      "message": "minVMs must not be greater than maxVMs: lower minVMs or raise maxVMs"
     }
    ],
    "properties": {
     "provider": {
      "type": "object",
      "required": [
       "type"
      ],
      "description": "provider is where the VMs come from, a type and the settings of that name.",
      "x-kubernetes-validations": [
       {
        "rule": "self.type == oldSelf.type",
        "message": "type is immutable: create a new pool"
       },
       {
        "rule": "self.type == 'Local' || !has(self.local)",
        "message": "local may be set only where type is Local"
       },
       {
        "rule": "(self.type == 'SSH') == has(self.ssh)",
        "message": "ssh must be set where type is SSH, and only there"
       },
       {
        "rule": "(self.type == 'Azure') == has(self.azure)",
        "message": "azure must be set where type is Azure, and only there"
       }
      ],
      "properties": {
       "type": {
        "type": "string",
        "minLength": 1,
        "maxLength": 16,
        "enum": [
         "Local",
         "SSH",
         "Azure"
        ],
        "description": "type is the kind of provider, Local (this machine pretends to be VMs), SSH (machines that exist) or Azure. Immutable."
       },
       "local": {
        "type": "object",
        "description": "local is the settings of a Local provider. Unset means the defaults.",
        "properties": {
         "bootSeconds": {
          "type": "integer",
          "format": "int32",
          "minimum": 0,
          "maximum": 86400,
          "default": 0,
          "description": "bootSeconds is the time in seconds that a VM takes to boot. Default: 0."
         }
        }
       },
       "ssh": {
        "type": "object",
        "required": [
         "credentials",
         "hosts"
        ],
        "description": "ssh is the settings of an SSH provider. Unset means that type is another.",
        "properties": {
         "credentials": {
          "type": "object",
          "required": [
           "secretRef"
          ],
          "description": "credentials is how to log in on the hosts.",
          "properties": {
           "secretRef": {
            "type": "object",
            "required": [
             "name"
            ],
            "description": "secretRef is a secret in the pool's namespace with the key ssh-privatekey.",
            "properties": {
             "name": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$",
              "description": "name is the name of the secret, in the namespace of the pool."
             }
            }
           }
          }
         },
         "hosts": {
          "type": "array",
          "minItems": 1,
          "maxItems": 1000,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
           "name"
          ],
          "description": "hosts is the list of the machines. One user on one host serves one pool.",
          "items": {
           "type": "object",
           "required": [
            "name",
            "address",
            "user",
            "hostKey"
           ],
           "properties": {
            "name": {
             "type": "string",
             "minLength": 1,
             "maxLength": 63,
             "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
             "description": "name is what the machine is called in the pool, a DNS label."
            },
            "address": {
             "type": "string",
             "minLength": 1,
             "maxLength": 253,
             "pattern": "^[A-Za-z0-9:]([-A-Za-z0-9.:%]*[A-Za-z0-9])?$",
             "description": "address is its host name or IP address."
            },
            "port": {
             "type": "integer",
             "format": "int32",
             "minimum": 1,
             "maximum": 65535,
             "description": "port is the port of its SSH server. Unset means 22."
            },
            "user": {
             "type": "string",
             "minLength": 1,
             "maxLength": 64,
             "pattern": "^[A-Za-z_][-A-Za-z0-9_.]*$",
             "description": "user is the user to log in as."
            },
            "hostKey": {
             "type": "string",
             "minLength": 1,
             "maxLength": 2048,
             "pattern": "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( .*)?$",
             "description": "hostKey is the public key of its SSH server, a type and the key in base64, as in a line of known_hosts; always checked."
            },
            "size": {
             "type": "string",
             "maxLength": 16,
             "enum": [
              "s",
              "m",
              "l",
              "xl"
             ],
             "description": "size is the size that it counts as. Unset means the pool's first size."
            },
            "slots": {
             "type": "integer",
             "format": "int32",
             "minimum": 1,
             "maximum": 1024,
             "description": "slots is the number of sessions it may run at once. Unset means that of its size."
            },
            "memoryMiB": {
             "type": "integer",
             "format": "int32",
             "minimum": 1,
             "maximum": 16777216,
             "description": "memoryMiB is the memory for sessions, in MiB. Unset means that of its size."
            }
           }
          }
         }
        }
       },
       "azure": {
        "type": "object",
        "required": [
         "regions"
        ],
        "description": "azure is the settings of an Azure provider. Unset means that type is another.",
        "x-kubernetes-validations": [
         {
          "rule": "has(self.subscriptionId) == has(oldSelf.subscriptionId) && (!has(self.subscriptionId) || self.subscriptionId == oldSelf.subscriptionId)",
          "message": "subscriptionId is immutable: create a new pool"
         },
         {
          "rule": "has(self.resourceGroup) == has(oldSelf.resourceGroup) && (!has(self.resourceGroup) || self.resourceGroup == oldSelf.resourceGroup)",
          "message": "resourceGroup is immutable: create a new pool"
         },
         {
          "rule": "!has(self.evictionPolicy) || (has(self.priority) && self.priority == 'Spot')",
          "message": "evictionPolicy may be set only where priority is Spot"
         },
         {
          "rule": "!has(self.deadMansSwitchSeconds) || !has(self.deadMansSwitchMaxSeconds) || self.deadMansSwitchSeconds <= self.deadMansSwitchMaxSeconds",
          "message": "deadMansSwitchSeconds must not be greater than deadMansSwitchMaxSeconds"
         }
        ],
        "properties": {
         "subscriptionId": {
          "type": "string",
          "minLength": 36,
          "maxLength": 36,
          "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
          "description": "subscriptionId is the subscription that the VMs are made in. Unset means the one of the Azure CLI's login. Immutable."
         },
         "resourceGroup": {
          "type": "string",
          "minLength": 1,
          "maxLength": 90,
          "pattern": "^[-\\w.()]*[-\\w()]$",
          "description": "resourceGroup is the resource group of this pool alone. Unset means berth- and the name of the pool. Immutable."
         },
         "regions": {
          "type": "array",
          "minItems": 1,
          "maxItems": 32,
          "x-kubernetes-list-type": "atomic",
          "description": "regions is the list of regions to make VMs in, in order of preference.",
          "items": {
           "type": "string",
           "minLength": 1,
           "maxLength": 63,
           "pattern": "^[a-z0-9]+$"
          }
         },
         "zones": {
          "type": "array",
          "maxItems": 3,
          "x-kubernetes-list-type": "atomic",
          "description": "zones is the list of availability zones to use, in order of preference. Unset or empty means no zone.",
          "items": {
           "type": "string",
           "maxLength": 16,
           "enum": [
            "1",
            "2",
            "3"
           ]
          }
         },
         "image": {
          "type": "object",
          "default": {
           "urn": "Canonical:ubuntu-24_04-lts:server:latest"
          },
          "description": "image is what the VMs boot from. Default: {urn: 'Canonical:ubuntu-24_04-lts:server:latest'}.",
          "x-kubernetes-validations": [
           {
            "rule": "has(self.urn) != has(self.id)",
            "message": "set exactly one of urn and id"
           }
          ],
          "properties": {
           "urn": {
            "type": "string",
            "minLength": 1,
            "maxLength": 512,
            "pattern": "^[^:]+:[^:]+:[^:]+:[^:]+$",
            "description": "urn is a marketplace image, publisher:offer:sku:version. Unset means that id is set."
           },
           "id": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "pattern": "^/",
            "description": "id is the resource id of an image or of a gallery image (version). Unset means that urn is set."
           }
          }
         },
         "osDisk": {
          "type": "object",
          "default": {},
          "description": "osDisk is the disk of a VM. Unset means its defaults.",
          "properties": {
           "sizeGiB": {
            "type": "integer",
            "format": "int32",
            "minimum": 30,
            "maximum": 4095,
            "default": 128,
            "description": "sizeGiB is the size of the disk in GiB. Default: 128."
           },
           "ephemeral": {
            "type": "boolean",
            "default": false,
            "description": "ephemeral is whether the disk is on the VM's own storage, lost when it is deallocated. Default: false."
           }
          }
         },
         "priority": {
          "type": "string",
          "maxLength": 16,
          "enum": [
           "Regular",
           "Spot"
          ],
          "default": "Regular",
          "description": "priority is how the VMs are paid for; Spot ones are cheaper and may be taken away. Default: Regular."
         },
         "evictionPolicy": {
          "type": "string",
          "maxLength": 16,
          "enum": [
           "Delete",
           "Deallocate"
          ],
          "description": "evictionPolicy is what becomes of a Spot VM that is taken away. Unset means Delete."
         },
         "network": {
          "type": "object",
          "default": {},
          "description": "network is how the VMs are reached. Unset means its defaults.",
          "properties": {
           "mode": {
            "type": "string",
            "maxLength": 16,
            "enum": [
             "SinglePut",
             "Explicit"
            ],
            "default": "SinglePut",
            "description": "mode is whether a VM's network interface and address are made with it in one request (SinglePut) or one by one (Explicit). Default: SinglePut."
           },
           "subnetId": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "pattern": "^/subscriptions/",
            "description": "subnetId is the resource id of an existing subnet to use. Unset means one made in the resource group."
           },
           "publicIP": {
            "type": "boolean",
            "default": true,
            "description": "publicIP is whether a VM gets a public address. Default: true."
           },
           "allowSSHFrom": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "description": "allowSSHFrom is the list of address ranges (CIDR) that may reach the SSH port. Unset means the address that the controller is seen with.",
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 43,
             "pattern": "^[0-9A-Fa-f.:]+/[0-9]{1,3}$"
            }
           },
           "jumpHost": {
            "type": "object",
            "required": [
             "address",
             "user",
             "hostKey",
             "credentials"
            ],
            "description": "jumpHost is the machine through which the VMs are reached. VMs with a public address have to let it in by allowSSHFrom. Unset means none.",
            "properties": {
             "address": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^[A-Za-z0-9:]([-A-Za-z0-9.:%]*[A-Za-z0-9])?$",
              "description": "address is its host name or IP address."
             },
             "port": {
              "type": "integer",
              "format": "int32",
              "minimum": 1,
              "maximum": 65535,
              "description": "port is the port of its SSH server. Unset means 22."
             },
             "user": {
              "type": "string",
              "minLength": 1,
              "maxLength": 64,
              "pattern": "^[A-Za-z_][-A-Za-z0-9_.]*$",
              "description": "user is the user to log in as."
             },
             "hostKey": {
              "type": "string",
              "minLength": 1,
              "maxLength": 2048,
              "pattern": "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( .*)?$",
              "description": "hostKey is the public key of its SSH server, a type and the key in base64, as in a line of known_hosts; always checked."
             },
             "credentials": {
              "type": "object",
              "required": [
               "secretRef"
              ],
              "description": "credentials is how to log in on it.",
              "properties": {
               "secretRef": {
                "type": "object",
                "required": [
                 "name"
                ],
                "description": "secretRef is a secret in the pool's namespace with the key ssh-privatekey.",
                "properties": {
                 "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$",
                  "description": "name is the name of the secret, in the namespace of the pool."
                 }
                }
               }
              }
             }
            }
           }
          }
         },
         "identity": {
          "type": "object",
          "default": {},
          "description": "identity is who the controller, and who a VM, is to Azure. Unset means its defaults.",
          "properties": {
           "credential": {
            "type": "string",
            "maxLength": 16,
            "enum": [
             "auto",
             "workload",
             "managed",
             "environment",
             "cli"
            ],
            "default": "auto",
            "description": "credential is how the controller logs in. Default: auto, the first of the others that works."
           },
           "userAssignedId": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "pattern": "^/subscriptions/",
            "description": "userAssignedId is the resource id of the identity given to each VM, with which it can deallocate itself. Unset means none."
           }
          }
         },
         "setup": {
          "type": "object",
          "description": "setup is what is done once on a new VM. Unset means nothing.",
          "properties": {
           "script": {
            "type": "string",
            "minLength": 1,
            "maxLength": 32768,
            "description": "script is a shell script run as root once on a new VM after cloud-init; readable by all who can read the pool. Unset means none."
           }
          }
         },
         "deadMansSwitchSeconds": {
          "type": "integer",
          "format": "int32",
          "minimum": 60,
          "maximum": 31536000,
          "default": 3600,
          "description": "deadMansSwitchSeconds is the time in seconds without a controller after which an idle VM deallocates itself. Default: 3600."
         },
         "deadMansSwitchMaxSeconds": {
          "type": "integer",
          "format": "int32",
          "minimum": 60,
          "maximum": 31536000,
          "default": 86400,
          "description": "deadMansSwitchMaxSeconds is the time in seconds without a controller after which a busy VM deallocates itself too. Default: 86400."
         }
        }
       }
      }
     },
     "sizes": {
      "type": "array",
      "minItems": 1,
      "maxItems": 4,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "name"
      ],
      "default": [
       {
        "name": "l"
       }
      ],
      "description": "sizes is the list of VM sizes the pool may have; the first is for sessions that ask for none. Default: [{name: l}].",
      "items": {
       "type": "object",
       "required": [
        "name"
       ],
       "properties": {
        "name": {
         "type": "string",
         "minLength": 1,
         "maxLength": 16,
         "enum": [
          "s",
          "m",
          "l",
          "xl"
         ],
         "description": "name is the size; s has 1 slot and 32 GiB, m 2 and 64, l 4 and 128, xl 8 and 256."
        },
        "skus": {
         "type": "array",
         "minItems": 1,
         "maxItems": 16,
         "x-kubernetes-list-type": "atomic",
         "description": "skus is the list of the provider's machine types for it, in order of preference. Unset means the built-in ones.",
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Za-z0-9][-A-Za-z0-9_.]*$"
         }
        },
        "slots": {
         "type": "integer",
         "format": "int32",
         "minimum": 1,
         "maximum": 1024,
         "description": "slots is the number of sessions that a VM of this size may run at once. Unset means the built-in number."
        },
        "memoryMiB": {
         "type": "integer",
         "format": "int32",
         "minimum": 1,
         "maximum": 16777216,
         "description": "memoryMiB is the memory for sessions of a VM of this size, in MiB. Unset means the built-in number."
        }
       }
      }
     },
     "minVMs": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 10000,
      "default": 0,
      "description": "minVMs is the number of VMs that are always kept, the replicas of kubectl scale. Default: 0."
     },
     "maxVMs": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 10000,
      "default": 10,
      "description": "maxVMs is the number of VMs that may exist at once, also starting or leaving. Default: 10."
     },
     "warmSlots": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 100000,
      "default": 0,
      "description": "warmSlots is the number of free ready slots to hold at all times. Default: 0."
     },
     "prime": {
      "type": "object",
      "required": [
       "slots",
       "untilTime"
      ],
      "description": "prime is a number of free slots to hold for some time, set by the command prime. Unset means none; manifests leave it out.",
      "properties": {
       "slots": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000,
        "description": "slots is the number of free ready slots to hold."
       },
       "size": {
        "type": "string",
        "maxLength": 16,
        "enum": [
         "s",
         "m",
         "l",
         "xl"
        ],
        "description": "size is the size of the VMs to hold them on. Unset means any size of the pool."
       },
       "region": {
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "description": "region is the region to hold them in. Unset means any."
       },
       "untilTime": {
        "type": "string",
        "format": "date-time",
        "maxLength": 32,
        "description": "untilTime is when to stop holding them."
       }
      }
     },
     "idleTimeoutSeconds": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 315360000,
      "default": 1800,
      "description": "idleTimeoutSeconds is the time in seconds after its last session's end when an empty VM leaves. Default: 1800."
     },
     "maxAgeSeconds": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 315360000,
      "description": "maxAgeSeconds is the age in seconds past which a VM takes no new sessions and leaves when empty. Unset means no limit."
     },
     "bootTimeoutSeconds": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 86400,
      "default": 900,
      "description": "bootTimeoutSeconds is the time in seconds that a new VM has to become Ready; past it it is deleted and made anew. Default: 900."
     },
     "unreachableTimeoutSeconds": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 315360000,
      "default": 3600,
      "description": "unreachableTimeoutSeconds is the time in seconds that a VM may be unreachable before it is given up and its sessions are lost or tried again. Default: 3600; 0 means never."
     },
     "budget": {
      "type": "object",
      "required": [
       "maxHourlyUSD"
      ],
      "description": "budget is what the pool may cost. Unset means no limit.",
      "properties": {
       "maxHourlyUSD": {
        "type": "string",
        "minLength": 1,
        "maxLength": 12,
        "pattern": "^[0-9]{1,7}(\\.[0-9]{1,4})?$",
        "description": "maxHourlyUSD is the price an hour of all its VMs that must not be passed, in USD."
       }
      }
     },
     "paused": {
      "type": "boolean",
      "default": false,
      "description": "paused is whether the pool places no sessions, and makes and deletes no VMs. Default: false."
     },
     "deletionPolicy": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "Delete",
       "Retain"
      ],
      "default": "Delete",
      "description": "deletionPolicy is what becomes of the machines when the pool is deleted. Default: Delete."
     }
    }
   },
   "status": {
    "type": "object",
    "default": {
     "observedGeneration": -1
    },
    "description": "status is what has been observed of the pool. Written by the controller alone.",
    "properties": {
     "observedGeneration": {
      "type": "integer",
      "format": "int64",
      "minimum": -1,
      "maximum": 9007199254740991,
      "description": "observedGeneration is the metadata.generation that this status belongs to; -1 before the first look."
     },
     "vms": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 1000000,
      "description": "vms is the number of VMs that exist, in whatever state."
     },
     "readyVMs": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 1000000,
      "description": "readyVMs is the number of VMs that are Ready."
     },
     "selector": {
      "type": "string",
      "maxLength": 512,
      "description": "selector is the label selector of the pool's VMs, for the scale subresource."
     },
     "slots": {
      "type": "object",
      "required": [
       "total",
       "used",
       "free"
      ],
      "description": "slots is the count of the slots of its VMs.",
      "properties": {
       "total": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000000,
        "description": "total is the number of slots."
       },
       "used": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000000,
        "description": "used is the number of slots with a session."
       },
       "free": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000000,
        "description": "free is the number of slots that a session could be placed on."
       }
      }
     },
     "sessions": {
      "type": "object",
      "required": [
       "pending",
       "running"
      ],
      "description": "sessions is the count of the pool's unfinished sessions.",
      "properties": {
       "pending": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000000,
        "description": "pending is the number of sessions that have not started."
       },
       "running": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100000000,
        "description": "running is the number of sessions that run."
       }
      }
     },
     "hourlyUSD": {
      "type": "string",
      "maxLength": 12,
      "pattern": "^[0-9]{1,7}(\\.[0-9]{1,4})?$",
      "description": "hourlyUSD is the price of its VMs an hour, in USD. Unset means not known."
     },
     "idleUSD": {
      "type": "string",
      "maxLength": 12,
      "pattern": "^[0-9]{1,7}(\\.[0-9]{1,4})?$",
      "description": "idleUSD is the price an hour of its slots without a session, in USD. Unset means not known."
     },
     "offerings": {
      "type": "array",
      "maxItems": 1024,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "sku",
       "region"
      ],
      "description": "offerings is the list of what can be had now, in order of preference.",
      "items": {
       "type": "object",
       "required": [
        "sku",
        "region",
        "available"
       ],
       "properties": {
        "sku": {
         "type": "string",
         "minLength": 1,
         "maxLength": 64,
         "description": "sku is the provider's machine type."
        },
        "region": {
         "type": "string",
         "minLength": 1,
         "maxLength": 63,
         "description": "region is where."
        },
        "available": {
         "type": "boolean",
         "description": "available is whether it can be had."
        },
        "reason": {
         "type": "string",
         "maxLength": 64,
         "description": "reason is one CamelCase word for why not. Unset means that it can be had."
        },
        "retryTime": {
         "type": "string",
         "format": "date-time",
         "maxLength": 32,
         "description": "retryTime is when it is tried again. Unset means at once."
        },
        "failures": {
         "type": "integer",
         "format": "int32",
         "minimum": 1,
         "maximum": 2147483647,
         "description": "failures is how many VMs in a row did not become ready; each doubles the time to the next try. Unset means none."
        }
       }
      }
     },
     "conditions": {
      "type": "array",
      "maxItems": 16,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "type"
      ],
      "description": "conditions is what is observed, Ready and ProviderReady always; QuotaBlocked, BudgetBlocked, DeadMansSwitch and LogStoreFull where they apply.",
      "items": {
       "type": "object",
       "required": [
        "type",
        "status",
        "lastTransitionTime",
        "reason",
        "message"
       ],
       "properties": {
        "type": {
         "type": "string",
         "minLength": 1,
         "maxLength": 316,
         "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
         "description": "type is the name of the condition."
        },
        "status": {
         "type": "string",
         "minLength": 1,
         "maxLength": 16,
         "enum": [
          "True",
          "False",
          "Unknown"
         ],
         "description": "status is True, False or Unknown."
        },
        "observedGeneration": {
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 9007199254740991,
         "description": "observedGeneration is the metadata.generation that the condition was set for. Unset means not known."
        },
        "lastTransitionTime": {
         "type": "string",
         "format": "date-time",
         "maxLength": 32,
         "description": "lastTransitionTime is when status last changed."
        },
        "reason": {
         "type": "string",
         "minLength": 1,
         "maxLength": 1024,
         "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
         "description": "reason is one CamelCase word for why."
        },
        "message": {
         "type": "string",
         "maxLength": 32768,
         "description": "message is the reason in a sentence; may be empty."
        }
       }
      }
     }
    }
   }
  }
 },
 "VM": {
  "type": "object",
  "description": "VM is one machine of a pool. The controller writes it; set cordoned and nothing else.",
  "required": [
   "spec"
  ],
  "x-kubernetes-validations": [
   {
    "rule": "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
    "message": "must be a DNS label: at most 63 lower case letters, digits and '-', beginning and ending with a letter or digit",
    "fieldPath": ".metadata.name"
   }
  ],
  "properties": {
   "apiVersion": {
    "type": "string",
    "description": "apiVersion is the versioned schema of this object, berth.dev/v1alpha1."
   },
   "kind": {
    "type": "string",
    "description": "kind is the kind of this object, VM."
   },
   "metadata": {
    "type": "object",
    "properties": {
     "name": {
      "type": "string"
     }
    }
   },
   "spec": {
    "type": "object",
    "required": [
     "poolRef",
     "size",
     "slots"
    ],
    "description": "spec is what the machine was made for. All of it is immutable but cordoned.",
    "x-kubernetes-validations": [
     {
      "rule": "self.poolRef == oldSelf.poolRef",
      "message": "poolRef is immutable: set only cordoned"
     },
     {
      "rule": "self.size == oldSelf.size",
      "message": "size is immutable: set only cordoned"
     },
     {
      "rule": "self.slots == oldSelf.slots",
      "message": "slots is immutable: set only cordoned"
     },
     {
      "rule": "has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",
      "message": "region is immutable: set only cordoned"
     }
    ],
    "properties": {
     "poolRef": {
      "type": "object",
      "required": [
       "name"
      ],
      "description": "poolRef is the pool of the VM. Immutable.",
      "properties": {
       "name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 50,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "description": "name is the name of a VMPool in the namespace of the VM."
       }
      }
     },
     "size": {
      "type": "string",
      "minLength": 1,
      "maxLength": 16,
      "enum": [
       "s",
       "m",
       "l",
       "xl"
      ],
      "description": "size is the size it was made in. Immutable."
     },
     "slots": {
      "type": "integer",
      "format": "int32",
      "minimum": 1,
      "maximum": 1024,
      "description": "slots is the number of sessions it may run at once. Immutable."
     },
     "region": {
      "type": "string",
      "minLength": 1,
      "maxLength": 63,
      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      "description": "region is the region asked for. Unset means any. Immutable."
     },
     "cordoned": {
      "type": "boolean",
      "default": false,
      "description": "cordoned is whether it takes no new sessions and leaves when empty. Default: false."
     }
    }
   },
   "status": {
    "type": "object",
    "default": {
     "observedGeneration": -1
    },
    "description": "status is what has been observed of the machine. Written by the controller alone.",
    "properties": {
     "observedGeneration": {
      "type": "integer",
      "format": "int64",
      "minimum": -1,
      "maximum": 9007199254740991,
      "description": "observedGeneration is the metadata.generation that this status belongs to; -1 before the first look."
     },
     "phase": {
      "type": "string",
      "maxLength": 16,
      "enum": [
       "Creating",
       "Booting",
       "Ready",
       "Draining",
       "Deleting",
       "Failed"
      ],
      "description": "phase is the state of the machine in one word. Unset means not looked at yet."
     },
     "providerID": {
      "type": "string",
      "maxLength": 1024,
      "description": "providerID is the provider's name for the machine. Unset means not made."
     },
     "address": {
      "type": "string",
      "maxLength": 253,
      "description": "address is the host name or IP address it is reached at. Unset means none yet."
     },
     "hostKey": {
      "type": "string",
      "maxLength": 2048,
      "description": "hostKey is the public key of its SSH server, always checked; two lines while one key is changed for another. Unset means that it is not reached by SSH."
     },
     "sku": {
      "type": "string",
      "maxLength": 64,
      "description": "sku is the provider's machine type. Unset means none."
     },
     "region": {
      "type": "string",
      "maxLength": 63,
      "description": "region is the region it is in. Unset means not known."
     },
     "hourlyUSD": {
      "type": "string",
      "maxLength": 12,
      "pattern": "^[0-9]{1,7}(\\.[0-9]{1,4})?$",
      "description": "hourlyUSD is its price an hour as it was first known, in USD. Unset means not known."
     },
     "slots": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 1024,
      "description": "slots is the number of sessions it may run at once."
     },
     "memoryMiB": {
      "type": "integer",
      "format": "int32",
      "minimum": 0,
      "maximum": 16777216,
      "description": "memoryMiB is its memory for sessions, in MiB."
     },
     "idleSince": {
      "type": "string",
      "format": "date-time",
      "maxLength": 32,
      "description": "idleSince is when its last session ended, or when it became Ready. Unset means that it has a session."
     },
     "createdTime": {
      "type": "string",
      "format": "date-time",
      "maxLength": 32,
      "description": "createdTime is when the machine was made. Unset means not made."
     },
     "conditions": {
      "type": "array",
      "maxItems": 16,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
       "type"
      ],
      "description": "conditions is what is observed.",
      "items": {
       "type": "object",
       "required": [
        "type",
        "status",
        "lastTransitionTime",
        "reason",
        "message"
       ],
       "properties": {
        "type": {
         "type": "string",
         "minLength": 1,
         "maxLength": 316,
         "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
         "description": "type is the name of the condition."
        },
        "status": {
         "type": "string",
         "minLength": 1,
         "maxLength": 16,
         "enum": [
          "True",
          "False",
          "Unknown"
         ],
         "description": "status is True, False or Unknown."
        },
        "observedGeneration": {
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 9007199254740991,
         "description": "observedGeneration is the metadata.generation that the condition was set for. Unset means not known."
        },
        "lastTransitionTime": {
         "type": "string",
         "format": "date-time",
         "maxLength": 32,
         "description": "lastTransitionTime is when status last changed."
        },
        "reason": {
         "type": "string",
         "minLength": 1,
         "maxLength": 1024,
         "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
         "description": "reason is one CamelCase word for why."
        },
        "message": {
         "type": "string",
         "maxLength": 32768,
         "description": "message is the reason in a sentence; may be empty."
        }
       }
      }
     }
    }
   }
  }
 }
};
