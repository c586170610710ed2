// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {World} from "./World.sol";

/// What must hold after any sequence of actions of senders, relayers, thieves, receivers and operators. How many
/// sequences are tried, and how long they are, stands in foundry.toml; `make invariants` tries many.
contract ServiceInvariantsTest {
    World private world;

    function setUp() public {
        world = new World();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// The actions; what only checks is called below.
    function targetSelectors() public view returns (FuzzSelector[] memory selectors) {
        bytes4[15] memory actions = [
            World.send.selector,
            World.send.selector,
            World.sendFromRelayChain.selector,
            World.takeIn.selector,
            World.takeIn.selector,
            World.publish.selector,
            World.deliver.selector,
            World.deliver.selector,
            World.retry.selector,
            World.setMood.selector,
            World.forgeMessage.selector,
            World.forgeLog.selector,
            World.callInside.selector,
            World.collect.selector,
            World.reprice.selector
        ];
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(world);
        selectors[0].selectors = new bytes4[](actions.length + 2);
        for (uint256 i = 0; i < actions.length; ++i) selectors[0].selectors[i] = actions[i];
        selectors[0].selectors[actions.length] = World.pause.selector;
        selectors[0].selectors[actions.length + 1] = World.wait.selector;
    }

    /// T-41, T-44: a message is executed at most once, with what was sent, and nothing that was not sent.
    function invariant_executedOnceAndOnlyIfSent() public view {
        world.checkExecutions();
    }

    /// T-48: what senders paid is what the services hold and the receiver got.
    function invariant_feesInAreFeesOutAndRefunds() public view {
        world.checkFees();
    }

    /// The accumulator is the plain tree over everything ever appended.
    function invariant_outboxIsThePlainTree() public view {
        world.checkOutbox();
    }

    /// T-49: whatever happened, every message still arrives, each provable on its own, every failure can be retried.
    function afterInvariant() public {
        world.drain();
    }
}
