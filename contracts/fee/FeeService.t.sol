// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IFeeService} from "../interfaces/IFeeService.sol";
import {ServiceTest} from "../test/ServiceTest.sol";
import {FeeService} from "./FeeService.sol";

contract FeeServiceTest is ServiceTest {
    address private constant STRANGER = address(0x57a49e40000);
    address private constant TOKEN = address(0x70ce40000);

    function setUp() public {
        deployFees();
    }

    function testFuzz_feeIsBasePlusLimitTimesPrice(uint256 base, uint256 price, uint256 gasLimit) public {
        base = bound(base, 1, feeService.BASE_GAS_MAX());
        price = bound(price, 1, feeService.GAS_PRICE_MAX());
        gasLimit = bound(gasLimit, 0, 1e12);
        setCeilings(feeService.BASE_GAS_MAX(), feeService.GAS_PRICE_MAX());
        vm.startPrank(PRICER);
        feeService.setBaseGas(CHAIN_B, base);
        feeService.setGasPrice(CHAIN_B, TOKEN, price);
        vm.stopPrank();
        (uint256 fee, address receiver) = feeService.getMessageFee(CHAIN_B, TOKEN, gasLimit);
        assertEq(fee, base * price + gasLimit * price);
        assertEq(receiver, FEES_TO);
    }

    function setNative(uint256 base, uint256 price) private returns (uint256, uint256) {
        (uint256 baseMax, uint256 priceMax) = (feeService.BASE_GAS_MAX(), feeService.GAS_PRICE_MAX());
        (base, price) = (bound(base, 0, baseMax), bound(price, 0, priceMax));
        vm.startPrank(OWNER);
        feeService.setBaseGasCeiling(CHAIN_B, baseMax);
        feeService.setGasPriceCeiling(CHAIN_B, address(0), priceMax);
        vm.startPrank(PRICER);
        feeService.setBaseGas(CHAIN_B, base);
        feeService.setGasPrice(CHAIN_B, address(0), price);
        vm.stopPrank();
        return (base, price);
    }

    /// What sending asks for is the quote.
    function testFuzz_nativeFeeIsTheSame(uint256 base, uint256 price, uint256 gasLimit) public {
        setNative(base, price);
        (bool isQuoted, bytes memory quote) =
            address(feeService).staticcall(abi.encodeCall(IFeeService.getMessageFee, (CHAIN_B, address(0), gasLimit)));
        (bool isAsked, bytes memory fee) =
            address(feeService).staticcall(abi.encodeCall(IFeeService.getNativeFee, (CHAIN_B, gasLimit)));
        assertTrue(isAsked == isQuoted, "both or none");
        if (isQuoted) quote = abi.encode(abi.decode(quote, (uint256)));
        assertEq(fee, quote);
    }

    /// The native coin's price stands with the base gas: neither setting changes the other, nor a token's price.
    function testFuzz_pricesOfALaneAreApart(uint256 base, uint256 price, uint256 tokenPrice) public {
        tokenPrice = bound(tokenPrice, 0, feeService.GAS_PRICE_MAX());
        setCeilings(1, feeService.GAS_PRICE_MAX());
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_B, TOKEN, tokenPrice);
        (base, price) = setNative(base, price);
        assertEq(feeService.baseGas(CHAIN_B), base);
        assertEq(feeService.gasPrice(CHAIN_B, address(0)), price);
        assertEq(feeService.gasPrice(CHAIN_B, TOKEN), tokenPrice);
        assertEq(feeService.gasPrice(CHAIN_A, address(0)), GAS_PRICE);
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_B, address(0), 1);
        assertEq(feeService.baseGas(CHAIN_B), base);
    }

    function setCeilings(uint256 base, uint256 price) private {
        vm.startPrank(OWNER);
        feeService.setBaseGasCeiling(CHAIN_B, base);
        feeService.setGasPriceCeiling(CHAIN_B, TOKEN, price);
        vm.stopPrank();
    }

    /// Each lane and each token has its own price.
    function test_pricesAreApart() public {
        vm.prank(OWNER);
        feeService.setGasPriceCeiling(CHAIN_A, TOKEN, 7);
        vm.prank(PRICER);
        feeService.setGasPrice(CHAIN_A, TOKEN, 7);
        (uint256 fee,) = feeService.getMessageFee(CHAIN_A, TOKEN, 0);
        assertEq(fee, 7 * BASE_GAS);
        (fee,) = feeService.getMessageFee(CHAIN_A, address(0), 0);
        assertEq(fee, GAS_PRICE * BASE_GAS);
        vm.expectRevert(abi.encodeWithSelector(IFeeService.NotPriced.selector, CHAIN_B, TOKEN));
        feeService.getMessageFee(CHAIN_B, TOKEN, 0);
    }

    function test_closedLane() public {
        vm.prank(PRICER);
        feeService.setBaseGas(CHAIN_B, 0);
        vm.expectRevert(abi.encodeWithSelector(IFeeService.NotPriced.selector, CHAIN_B, address(0)));
        feeService.getMessageFee(CHAIN_B, address(0), 100_000);
    }

    function test_maxima() public {
        uint256 baseMax = feeService.BASE_GAS_MAX();
        uint256 priceMax = feeService.GAS_PRICE_MAX();
        setCeilings(baseMax, priceMax);
        vm.startPrank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveMaximum.selector, baseMax + 1, baseMax));
        feeService.setBaseGasCeiling(CHAIN_B, baseMax + 1);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveMaximum.selector, priceMax + 1, priceMax));
        feeService.setGasPriceCeiling(CHAIN_B, TOKEN, priceMax + 1);
        vm.startPrank(PRICER);
        feeService.setBaseGas(CHAIN_B, baseMax);
        feeService.setGasPrice(CHAIN_B, TOKEN, priceMax);
        vm.stopPrank();
        (uint256 fee,) = feeService.getMessageFee(CHAIN_B, TOKEN, 5_000_000);
        assertEq(fee, (baseMax + 5_000_000) * priceMax);
    }

    /// T-48: the pricer reaches the ceilings and not one further, each lane's and each token's own.
    function test_T48_ceilings() public {
        setCeilings(1000, 50);
        vm.startPrank(PRICER);
        feeService.setBaseGas(CHAIN_B, 1000);
        feeService.setGasPrice(CHAIN_B, TOKEN, 50);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, 1001, 1000));
        feeService.setBaseGas(CHAIN_B, 1001);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, 51, 50));
        feeService.setGasPrice(CHAIN_B, TOKEN, 51);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, 1, 0));
        feeService.setGasPrice(CHAIN_A, TOKEN, 1);
        vm.expectRevert(abi.encodeWithSelector(FeeService.AboveCeiling.selector, 1, 0));
        feeService.setBaseGas(CHAIN_CLOSED, 1);
        vm.stopPrank();
    }

    /// T-48: a ceiling that comes down takes the price with it, one that goes up does not.
    function test_T48_loweredCeiling() public {
        setCeilings(1000, 50);
        vm.startPrank(PRICER);
        feeService.setBaseGas(CHAIN_B, 900);
        feeService.setGasPrice(CHAIN_B, TOKEN, 40);
        vm.stopPrank();
        setCeilings(900, 40);
        assertEq(feeService.baseGas(CHAIN_B), 900);
        assertEq(feeService.gasPrice(CHAIN_B, TOKEN), 40);
        vm.startPrank(OWNER);
        vm.expectEmit(address(feeService));
        emit FeeService.BaseGasCeilingSet(CHAIN_B, 800);
        vm.expectEmit(address(feeService));
        emit IFeeService.BaseGasSet(CHAIN_B, 800);
        feeService.setBaseGasCeiling(CHAIN_B, 800);
        vm.expectEmit(address(feeService));
        emit FeeService.GasPriceCeilingSet(CHAIN_B, TOKEN, 30);
        vm.expectEmit(address(feeService));
        emit IFeeService.GasPriceSet(CHAIN_B, TOKEN, 30);
        feeService.setGasPriceCeiling(CHAIN_B, TOKEN, 30);
        vm.stopPrank();
        (uint256 fee,) = feeService.getMessageFee(CHAIN_B, TOKEN, 200);
        assertEq(fee, 1000 * 30);
        setCeilings(1000, 50);
        (fee,) = feeService.getMessageFee(CHAIN_B, TOKEN, 200);
        assertEq(fee, 1000 * 30);
    }

    function testFuzz_onlyThePricerSetsPrices(address caller) public {
        vm.assume(caller != PRICER);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(FeeService.NotPricer.selector, caller));
        feeService.setBaseGas(CHAIN_B, 1);
        vm.expectRevert(abi.encodeWithSelector(FeeService.NotPricer.selector, caller));
        feeService.setGasPrice(CHAIN_B, TOKEN, 1);
        vm.stopPrank();
    }

    function testFuzz_onlyTheOwnerSetsRoles(address caller) public {
        vm.assume(caller != OWNER);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        feeService.setPricer(caller);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        feeService.setReceiver(caller);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        feeService.setBaseGasCeiling(CHAIN_B, 1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        feeService.setGasPriceCeiling(CHAIN_B, TOKEN, 1);
        vm.stopPrank();
    }

    function test_rolesChangeHands() public {
        vm.startPrank(OWNER);
        feeService.setPricer(STRANGER);
        feeService.setReceiver(TOKEN);
        vm.stopPrank();
        (, address receiver) = feeService.getMessageFee(CHAIN_B, address(0), 0);
        assertEq(receiver, TOKEN);
        vm.prank(STRANGER);
        feeService.setBaseGas(CHAIN_B, 5);
        vm.expectRevert(abi.encodeWithSelector(FeeService.NotPricer.selector, PRICER));
        vm.prank(PRICER);
        feeService.setBaseGas(CHAIN_B, 5);
    }

    function test_zeroAddresses() public {
        vm.startPrank(OWNER);
        vm.expectRevert(FeeService.ZeroAddress.selector);
        feeService.setPricer(address(0));
        vm.expectRevert(FeeService.ZeroAddress.selector);
        feeService.setReceiver(address(0));
        vm.stopPrank();
        vm.expectRevert(FeeService.ZeroAddress.selector);
        new FeeService(OWNER, address(0), FEES_TO);
        vm.expectRevert(FeeService.ZeroAddress.selector);
        new FeeService(OWNER, PRICER, address(0));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new FeeService(address(0), PRICER, FEES_TO);
    }

    function test_changesAreEvents() public {
        setCeilings(9, 8);
        vm.startPrank(PRICER);
        vm.expectEmit(address(feeService));
        emit IFeeService.BaseGasSet(CHAIN_B, 9);
        feeService.setBaseGas(CHAIN_B, 9);
        vm.expectEmit(address(feeService));
        emit IFeeService.GasPriceSet(CHAIN_B, TOKEN, 8);
        feeService.setGasPrice(CHAIN_B, TOKEN, 8);
        vm.stopPrank();
        vm.startPrank(OWNER);
        vm.expectEmit(address(feeService));
        emit FeeService.PricerSet(STRANGER);
        feeService.setPricer(STRANGER);
        vm.expectEmit(address(feeService));
        emit IFeeService.ReceiverSet(STRANGER);
        feeService.setReceiver(STRANGER);
        vm.stopPrank();
    }
}
