// Generated from crds/*.yaml by `npm run generate`. Do not edit.
import type { Condition } from './condition.ts';
import type { ObjectMeta } from './object.ts';

export interface Session {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'Session';
  readonly metadata: ObjectMeta;
  readonly spec: SessionSpec;
  readonly status?: SessionStatus;
}

export interface SessionSpec {
  /** prompt is the task given to the agent, at most 32768 characters and 64 KiB. Required unless command is set; beside a command it arrives as a file named by the variable BERTH_PROMPT_FILE. Immutable. */
  readonly prompt?: string;
  /** agent is the program that works on the prompt. Unset means amplihack, decided at launch and echoed in status.launch. May not be set beside command. Immutable. */
  readonly agent?: 'amplihack' | 'claude' | 'codex' | 'copilot';
  /** mode is how the agent works on the prompt. Unset means auto, decided at launch and echoed in status.launch. May not be set beside command. Immutable. */
  readonly mode?: 'auto' | 'ultrathink' | 'analyze' | 'fix';
  /** maxTurns is the number of turns the agent may take. Unset means 10, decided at launch and echoed in status.launch. May not be set beside command. Immutable. */
  readonly maxTurns?: number;
  /** command is a program and its arguments to run instead of an agent, passed as they are and read by no shell. Unset means that the agent runs with the prompt. Immutable. */
  readonly command?: readonly string[];
  /** env is a list of variables added to the session's environment. Unset means none. Immutable. */
  readonly env?: readonly {
    /** name is the name of the variable; letters, digits and '_', not beginning with a digit. */
    readonly name: string;
    /** value is the value of the variable, readable by all who can read the session. Unset means that secretRef gives it. */
    readonly value?: string;
    /** secretRef is the key of a secret in the session's namespace that holds the value. Unset means that value gives it. */
    readonly secretRef?: {
      /** name is the name of the secret, in the namespace of the session. */
      readonly name: string;
      /** key is the key within the secret. */
      readonly key: string;
    };
  }[];
  /** source is what the workspace holds at the start. Unset means an empty workspace. Immutable. */
  readonly source?: {
    /** git is a repository that is cloned into the workspace. Unset means that bundle gives the source. */
    readonly git?: {
      /** url is where to clone from and push to: an https, http, ssh, git or file URL, an absolute path on the VM, or user@host:path. It must not begin with '-'. */
      readonly url: string;
      /** ref is the branch, tag or commit to check out. Unset means the repository's default branch. */
      readonly ref?: string;
      /** secretRef is a secret in the session's namespace with the keys username and password, or ssh-privatekey and known_hosts, for clone and push. Unset means none. */
      readonly secretRef?: {
        /** name is the name of the secret, in the namespace of the session. */
        readonly name: string;
      };
    };
    /** bundle is a git bundle that the command line uploads first. Unset means that git gives the source. */
    readonly bundle?: {
      /** sha256 is the digest of the bundle, 64 lower case hexadecimal digits. */
      readonly sha256: string;
      /** sizeBytes is the size of the bundle in bytes. */
      readonly sizeBytes: number;
      /** remotes is the list of git remotes set up in the workspace. Unset means none. */
      readonly remotes?: readonly {
        /** name is the name of the remote. */
        readonly name: string;
        /** url is the URL of the remote. It must not begin with '-'. */
        readonly url: string;
      }[];
    };
  };
  /** poolRef is the VMPool that the session runs in. Default: {name: default}. Immutable. */
  readonly poolRef?: {
    /** name is the name of a VMPool in the namespace of the session. */
    readonly name: string;
  };
  /** size is the VM size that the session needs. Unset means that it may share any VM of the pool; a VM made for it has the pool's first size. Immutable. */
  readonly size?: 's' | 'm' | 'l' | 'xl';
  /** region is the region that the session's VM must be in. Unset means any. Immutable. */
  readonly region?: string;
  /** priority is the session's rank in the queue of its pool, higher first. Default: 0. */
  readonly priority?: number;
  /** memoryMiB is the memory set aside on the VM for the session, in MiB. Default: 16384. Immutable. */
  readonly memoryMiB?: number;
  /** activeDeadlineSeconds is the time the session may take, in seconds from its first start, across attempts; past it it fails with DeadlineExceeded. Unset means no limit (the command line sets 24 hours unless told otherwise). */
  readonly activeDeadlineSeconds?: number;
  /** retryLimit is the number of new attempts after the loss of a VM, never after the agent's own failure. Default: 0. Immutable. */
  readonly retryLimit?: number;
  /** maxOutputMiB is the output that is kept, in MiB; past it the VM keeps a rolling last 64 MiB, and the session goes on. Default: 4096. Immutable. */
  readonly maxOutputMiB?: number;
  /** ttlSecondsAfterFinished is the time in seconds after its end when the session is deleted. Unset means that it is kept. */
  readonly ttlSecondsAfterFinished?: number;
  /** shutdown asks the session to end: Graceful sends SIGTERM to the whole process tree and SIGKILL 10 seconds later, Immediate sends SIGKILL at once. Unset means that it goes on; once seen, removing it has no effect. */
  readonly shutdown?: 'Graceful' | 'Immediate';
  /** input is a list of texts to type into the session, each at most once and in the order of the list. Unset means none. */
  readonly input?: readonly {
    /** id is what tells this text from others of the session; letters, digits, '-', '_' and '.'. */
    readonly id: string;
    /** text is what is typed, followed by Enter; at most 4096 characters. Immutable. */
    readonly text: string;
  }[];
}

export interface SessionStatus {
  /** observedGeneration is the metadata.generation that this status belongs to; -1 before the first look. */
  readonly observedGeneration?: number;
  /** phase is the state of the session in one word, derived from the conditions for display. Unset means not looked at yet. */
  readonly phase?: 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Killed';
  /** summary is the beginning of the prompt or command on one line, at most 48 characters. */
  readonly summary?: string;
  /** vm is the VM that the session is placed on. Unset means not placed. */
  readonly vm?: {
    /** name is the name of the VM object. */
    readonly name: string;
    /** uid is the UID of the VM object. */
    readonly uid: string;
  };
  /** attempt is the number of the current or last attempt, from 1. Unset means not placed yet. */
  readonly attempt?: number;
  /** launch is what was decided at launch where the spec left it open. Unset means not launched, or a command. */
  readonly launch?: {
    /** agent is the agent that was launched. */
    readonly agent: string;
    /** mode is the mode it was launched in. */
    readonly mode: string;
    /** maxTurns is the number of turns it was given. */
    readonly maxTurns: number;
  };
  /** startTime is when the first attempt started. Unset means not started. */
  readonly startTime?: string;
  /** completionTime is when the session ended, as seen on the VM. Unset means not ended. */
  readonly completionTime?: string;
  /** exitCode is the exit code of the process, 128 + n after signal n. Unset means not ended, or not known. */
  readonly exitCode?: number;
  /** reason is one CamelCase word for why the session waits, or how it ended. Unset means nothing to say. */
  readonly reason?: string;
  /** message is the reason in a sentence. Unset means nothing to say. */
  readonly message?: string;
  /** shutdown is the shutdown request as it was first seen; it stays. Unset means none was. */
  readonly shutdown?: {
    /** mode is the way of ending that was asked for. */
    readonly mode: 'Graceful' | 'Immediate';
    /** requestedTime is when the request was first seen. */
    readonly requestedTime: string;
  };
  /** output is what has been written so far. Unset means nothing was copied yet. */
  readonly output?: {
    /** bytes is the number of bytes copied from the VM. */
    readonly bytes: number;
    /** lines is the number of lines copied from the VM. */
    readonly lines: number;
    /** truncated is whether maxOutputMiB was passed and output was dropped. */
    readonly truncated: boolean;
    /** updatedTime is when output last grew, as recorded here. */
    readonly updatedTime: string;
    /** tail is the last of the output, at most 4 KiB, cut at a line, without control sequences. Unset means nothing yet. */
    readonly tail?: string;
  };
  /** results is what came of the session. Unset means nothing found. */
  readonly results?: {
    /** pullRequestURL is the last pull request named in the output. Unset means none. */
    readonly pullRequestURL?: string;
    /** branch is the branch checked out in the workspace at the end. Unset means none. */
    readonly branch?: string;
    /** commit is the commit checked out in the workspace at the end. Unset means none. */
    readonly commit?: string;
  };
  /** waiting is the question that the session waits with. Unset means that it does not wait. */
  readonly waiting?: {
    /** since is when it began to wait. */
    readonly since: string;
    /** question is what it asks. Unset means not known. */
    readonly question?: string;
  };
  /** input is what of spec.input was typed. Unset means none. */
  readonly input?: {
    /** deliveredIDs is the list of the ids of spec.input that were typed. */
    readonly deliveredIDs: readonly string[];
    /** typing is the input about to be typed, recorded before it is. Should its VM be lost in that moment, it counts as typed. Unset means none. */
    readonly typing?: {
      /** id is that of spec.input. */
      readonly id: string;
      /** attempt is the one it is typed into. */
      readonly attempt: number;
    };
  };
  /** cost is what the session has cost. Unset means not known. */
  readonly cost?: {
    /** vmUSD is the session's share of its VMs' price, in USD. */
    readonly vmUSD: string;
  };
  /** conditions is what is observed: Placed, Started, Finished, WaitingForInput and Ready; Reconciling and Stalled only while true. */
  readonly conditions?: readonly Condition[];
}

export interface VMPool {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'VMPool';
  readonly metadata: ObjectMeta;
  readonly spec: VMPoolSpec;
  readonly status?: VMPoolStatus;
}

export interface VMPoolSpec {
  /** provider is where the VMs come from, a type and the settings of that name. */
  readonly provider: {
    /** type is the kind of provider, Local (this machine pretends to be VMs), SSH (machines that exist) or Azure. Immutable. */
    readonly type: 'Local' | 'SSH' | 'Azure';
    /** local is the settings of a Local provider. Unset means the defaults. */
    readonly local?: {
      /** bootSeconds is the time in seconds that a VM takes to boot. Default: 0. */
      readonly bootSeconds?: number;
    };
    /** ssh is the settings of an SSH provider. Unset means that type is another. */
    readonly ssh?: {
      /** credentials is how to log in on the hosts. */
      readonly credentials: {
        /** secretRef is a secret in the pool's namespace with the key ssh-privatekey. */
        readonly secretRef: {
          /** name is the name of the secret, in the namespace of the pool. */
          readonly name: string;
        };
      };
      /** hosts is the list of the machines. One user on one host serves one pool. */
      readonly hosts: readonly {
        /** name is what the machine is called in the pool, a DNS label. */
        readonly name: string;
        /** address is its host name or IP address. */
        readonly address: string;
        /** port is the port of its SSH server. Unset means 22. */
        readonly port?: number;
        /** user is the user to log in as. */
        readonly user: string;
        /** hostKey is the public key of its SSH server, a type and the key in base64, as in a line of known_hosts; always checked. */
        readonly hostKey: string;
        /** size is the size that it counts as. Unset means the pool's first size. */
        readonly size?: 's' | 'm' | 'l' | 'xl';
        /** slots is the number of sessions it may run at once. Unset means that of its size. */
        readonly slots?: number;
        /** memoryMiB is the memory for sessions, in MiB. Unset means that of its size. */
        readonly memoryMiB?: number;
      }[];
    };
    /** azure is the settings of an Azure provider. Unset means that type is another. */
    readonly azure?: {
      /** subscriptionId is the subscription that the VMs are made in. Unset means the one of the Azure CLI's login. Immutable. */
      readonly subscriptionId?: string;
      /** resourceGroup is the resource group of this pool alone. Unset means berth- and the name of the pool. Immutable. */
      readonly resourceGroup?: string;
      /** regions is the list of regions to make VMs in, in order of preference. */
      readonly regions: readonly string[];
      /** zones is the list of availability zones to use, in order of preference. Unset or empty means no zone. */
      readonly zones?: readonly ('1' | '2' | '3')[];
      /** image is what the VMs boot from. Default: {urn: 'Canonical:ubuntu-24_04-lts:server:latest'}. */
      readonly image?: {
        /** urn is a marketplace image, publisher:offer:sku:version. Unset means that id is set. */
        readonly urn?: string;
        /** id is the resource id of an image or of a gallery image (version). Unset means that urn is set. */
        readonly id?: string;
      };
      /** osDisk is the disk of a VM. Unset means its defaults. */
      readonly osDisk?: {
        /** sizeGiB is the size of the disk in GiB. Default: 128. */
        readonly sizeGiB?: number;
        /** ephemeral is whether the disk is on the VM's own storage, lost when it is deallocated. Default: false. */
        readonly ephemeral?: boolean;
      };
      /** priority is how the VMs are paid for; Spot ones are cheaper and may be taken away. Default: Regular. */
      readonly priority?: 'Regular' | 'Spot';
      /** evictionPolicy is what becomes of a Spot VM that is taken away. Unset means Delete. */
      readonly evictionPolicy?: 'Delete' | 'Deallocate';
      /** network is how the VMs are reached. Unset means its defaults. */
      readonly network?: {
        /** mode is whether a VM's network interface and address are made with it in one request (SinglePut) or one by one (Explicit). Default: SinglePut. */
        readonly mode?: 'SinglePut' | 'Explicit';
        /** subnetId is the resource id of an existing subnet to use. Unset means one made in the resource group. */
        readonly subnetId?: string;
        /** publicIP is whether a VM gets a public address. Default: true. */
        readonly publicIP?: boolean;
        /** allowSSHFrom is the list of address ranges (CIDR) that may reach the SSH port. Unset means the address that the controller is seen with. */
        readonly allowSSHFrom?: readonly string[];
        /** jumpHost is the machine through which the VMs are reached. VMs with a public address have to let it in by allowSSHFrom. Unset means none. */
        readonly jumpHost?: {
          /** address is its host name or IP address. */
          readonly address: string;
          /** port is the port of its SSH server. Unset means 22. */
          readonly port?: number;
          /** user is the user to log in as. */
          readonly user: string;
          /** hostKey is the public key of its SSH server, a type and the key in base64, as in a line of known_hosts; always checked. */
          readonly hostKey: string;
          /** credentials is how to log in on it. */
          readonly credentials: {
            /** secretRef is a secret in the pool's namespace with the key ssh-privatekey. */
            readonly secretRef: {
              /** name is the name of the secret, in the namespace of the pool. */
              readonly name: string;
            };
          };
        };
      };
      /** identity is who the controller, and who a VM, is to Azure. Unset means its defaults. */
      readonly identity?: {
        /** credential is how the controller logs in. Default: auto, the first of the others that works. */
        readonly credential?: 'auto' | 'workload' | 'managed' | 'environment' | 'cli';
        /** userAssignedId is the resource id of the identity given to each VM, with which it can deallocate itself. Unset means none. */
        readonly userAssignedId?: string;
      };
      /** setup is what is done once on a new VM. Unset means nothing. */
      readonly setup?: {
        /** script is a shell script run as root once on a new VM after cloud-init; readable by all who can read the pool. Unset means none. */
        readonly script?: string;
      };
      /** deadMansSwitchSeconds is the time in seconds without a controller after which an idle VM deallocates itself. Default: 3600. */
      readonly deadMansSwitchSeconds?: number;
      /** deadMansSwitchMaxSeconds is the time in seconds without a controller after which a busy VM deallocates itself too. Default: 86400. */
      readonly deadMansSwitchMaxSeconds?: number;
    };
  };
  /** sizes is the list of VM sizes the pool may have; the first is for sessions that ask for none. Default: [{name: l}]. */
  readonly sizes: readonly {
    /** name is the size; s has 1 slot and 32 GiB, m 2 and 64, l 4 and 128, xl 8 and 256. */
    readonly name: 's' | 'm' | 'l' | 'xl';
    /** skus is the list of the provider's machine types for it, in order of preference. Unset means the built-in ones. */
    readonly skus?: readonly string[];
    /** slots is the number of sessions that a VM of this size may run at once. Unset means the built-in number. */
    readonly slots?: number;
    /** memoryMiB is the memory for sessions of a VM of this size, in MiB. Unset means the built-in number. */
    readonly memoryMiB?: number;
  }[];
  /** minVMs is the number of VMs that are always kept, the replicas of kubectl scale. Default: 0. */
  readonly minVMs?: number;
  /** maxVMs is the number of VMs that may exist at once, also starting or leaving. Default: 10. */
  readonly maxVMs?: number;
  /** warmSlots is the number of free ready slots to hold at all times. Default: 0. */
  readonly warmSlots?: number;
  /** prime is a number of free slots to hold for some time, set by the command prime. Unset means none; manifests leave it out. */
  readonly prime?: {
    /** slots is the number of free ready slots to hold. */
    readonly slots: number;
    /** size is the size of the VMs to hold them on. Unset means any size of the pool. */
    readonly size?: 's' | 'm' | 'l' | 'xl';
    /** region is the region to hold them in. Unset means any. */
    readonly region?: string;
    /** untilTime is when to stop holding them. */
    readonly untilTime: string;
  };
  /** idleTimeoutSeconds is the time in seconds after its last session's end when an empty VM leaves. Default: 1800. */
  readonly idleTimeoutSeconds?: number;
  /** maxAgeSeconds is the age in seconds past which a VM takes no new sessions and leaves when empty. Unset means no limit. */
  readonly maxAgeSeconds?: number;
  /** bootTimeoutSeconds is the time in seconds that a new VM has to become Ready; past it it is deleted and made anew. Default: 900. */
  readonly bootTimeoutSeconds?: number;
  /** unreachableTimeoutSeconds is the time in seconds that a VM may be unreachable before it is given up and its sessions are lost or tried again. Default: 3600; 0 means never. */
  readonly unreachableTimeoutSeconds?: number;
  /** budget is what the pool may cost. Unset means no limit. */
  readonly budget?: {
    /** maxHourlyUSD is the price an hour of all its VMs that must not be passed, in USD. */
    readonly maxHourlyUSD: string;
  };
  /** paused is whether the pool places no sessions, and makes and deletes no VMs. Default: false. */
  readonly paused?: boolean;
  /** deletionPolicy is what becomes of the machines when the pool is deleted. Default: Delete. */
  readonly deletionPolicy?: 'Delete' | 'Retain';
}

export interface VMPoolStatus {
  /** observedGeneration is the metadata.generation that this status belongs to; -1 before the first look. */
  readonly observedGeneration?: number;
  /** vms is the number of VMs that exist, in whatever state. */
  readonly vms?: number;
  /** readyVMs is the number of VMs that are Ready. */
  readonly readyVMs?: number;
  /** selector is the label selector of the pool's VMs, for the scale subresource. */
  readonly selector?: string;
  /** slots is the count of the slots of its VMs. */
  readonly slots?: {
    /** total is the number of slots. */
    readonly total: number;
    /** used is the number of slots with a session. */
    readonly used: number;
    /** free is the number of slots that a session could be placed on. */
    readonly free: number;
  };
  /** sessions is the count of the pool's unfinished sessions. */
  readonly sessions?: {
    /** pending is the number of sessions that have not started. */
    readonly pending: number;
    /** running is the number of sessions that run. */
    readonly running: number;
  };
  /** hourlyUSD is the price of its VMs an hour, in USD. Unset means not known. */
  readonly hourlyUSD?: string;
  /** idleUSD is the price an hour of its slots without a session, in USD. Unset means not known. */
  readonly idleUSD?: string;
  /** offerings is the list of what can be had now, in order of preference. */
  readonly offerings?: readonly {
    /** sku is the provider's machine type. */
    readonly sku: string;
    /** region is where. */
    readonly region: string;
    /** available is whether it can be had. */
    readonly available: boolean;
    /** reason is one CamelCase word for why not. Unset means that it can be had. */
    readonly reason?: string;
    /** retryTime is when it is tried again. Unset means at once. */
    readonly retryTime?: string;
    /** failures is how many VMs in a row did not become ready; each doubles the time to the next try. Unset means none. */
    readonly failures?: number;
  }[];
  /** conditions is what is observed, Ready and ProviderReady always; QuotaBlocked, BudgetBlocked, DeadMansSwitch and LogStoreFull where they apply. */
  readonly conditions?: readonly Condition[];
}

export interface VM {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'VM';
  readonly metadata: ObjectMeta;
  readonly spec: VMSpec;
  readonly status?: VMStatus;
}

export interface VMSpec {
  /** poolRef is the pool of the VM. Immutable. */
  readonly poolRef: {
    /** name is the name of a VMPool in the namespace of the VM. */
    readonly name: string;
  };
  /** size is the size it was made in. Immutable. */
  readonly size: 's' | 'm' | 'l' | 'xl';
  /** slots is the number of sessions it may run at once. Immutable. */
  readonly slots: number;
  /** region is the region asked for. Unset means any. Immutable. */
  readonly region?: string;
  /** cordoned is whether it takes no new sessions and leaves when empty. Default: false. */
  readonly cordoned?: boolean;
}

export interface VMStatus {
  /** observedGeneration is the metadata.generation that this status belongs to; -1 before the first look. */
  readonly observedGeneration?: number;
  /** phase is the state of the machine in one word. Unset means not looked at yet. */
  readonly phase?: 'Creating' | 'Booting' | 'Ready' | 'Draining' | 'Deleting' | 'Failed';
  /** providerID is the provider's name for the machine. Unset means not made. */
  readonly providerID?: string;
  /** address is the host name or IP address it is reached at. Unset means none yet. */
  readonly address?: string;
  /** hostKey is the public key of its SSH server, always checked; two lines while one key is changed for another. Unset means that it is not reached by SSH. */
  readonly hostKey?: string;
  /** sku is the provider's machine type. Unset means none. */
  readonly sku?: string;
  /** region is the region it is in. Unset means not known. */
  readonly region?: string;
  /** hourlyUSD is its price an hour as it was first known, in USD. Unset means not known. */
  readonly hourlyUSD?: string;
  /** slots is the number of sessions it may run at once. */
  readonly slots?: number;
  /** memoryMiB is its memory for sessions, in MiB. */
  readonly memoryMiB?: number;
  /** idleSince is when its last session ended, or when it became Ready. Unset means that it has a session. */
  readonly idleSince?: string;
  /** createdTime is when the machine was made. Unset means not made. */
  readonly createdTime?: string;
  /** conditions is what is observed. */
  readonly conditions?: readonly Condition[];
}
