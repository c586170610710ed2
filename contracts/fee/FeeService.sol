// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IFeeService} from "../interfaces/IFeeService.sol";

/// @title Prices of messages
/// @dev Warning: the pricer can set prices at once, up to the ceilings; it can make sending that expensive, free or
/// impossible, nothing else. The owner (timelock) sets the ceilings, the pricer and who receives fees. So a sender who
/// leaves an approval open, or sends more than the quote, risks the difference to the ceiling, and learns of a higher
/// ceiling before it takes effect.
/// @dev Stands behind no proxy, which every sending would pay for: another one takes its place by the services'
/// `setFeeService`, for which the same timelock waits as for an upgrade (docs/adr/0008).
contract FeeService is IFeeService, Ownable {
    /// A ceiling is at most this much of the token's smallest unit per gas, so that no fee overflows.
    uint256 public constant GAS_PRICE_MAX = 1e30;
    uint256 public constant BASE_GAS_MAX = 1e8;

    /// What the fee of a message in the native coin is made of, in one slot.
    struct Lane {
        uint128 baseGas;
        uint128 nativeGasPrice;
    }

    address public pricer;
    address public receiver;
    mapping(uint256 toChain => Lane) private _lanes;
    mapping(uint256 toChain => mapping(address feeToken => uint256)) private _tokenGasPrices;
    /// Ceilings of the two, 0 until the owner opens the lane, and the lane for the token.
    mapping(uint256 toChain => uint256) public baseGasCeiling;
    mapping(uint256 toChain => mapping(address feeToken => uint256)) public gasPriceCeiling;

    event BaseGasCeilingSet(uint256 indexed toChain, uint256 ceiling);
    event GasPriceCeilingSet(uint256 indexed toChain, address indexed feeToken, uint256 ceiling);
    event PricerSet(address indexed pricer);

    error NotPricer(address caller);
    error AboveCeiling(uint256 value, uint256 ceiling);
    error AboveMaximum(uint256 value, uint256 maximum);
    error ZeroAddress();

    modifier onlyPricer() {
        if (msg.sender != pricer) revert NotPricer(msg.sender);
        _;
    }

    constructor(address owner_, address pricer_, address receiver_) Ownable(owner_) {
        _setPricer(pricer_);
        _setReceiver(receiver_);
    }

    /// @notice Gas of a delivery itself, up to the ceiling. 0 closes the lane for sending.
    function setBaseGas(uint256 toChain, uint256 gas) external onlyPricer {
        uint256 ceiling = baseGasCeiling[toChain];
        if (gas > ceiling) revert AboveCeiling(gas, ceiling);
        _setBaseGas(toChain, gas);
    }

    /// @notice Price of one unit of gas of `toChain` in `feeToken`, up to the ceiling; 0 means the token is not accepted.
    function setGasPrice(uint256 toChain, address feeToken, uint256 price) external onlyPricer {
        uint256 ceiling = gasPriceCeiling[toChain][feeToken];
        if (price > ceiling) revert AboveCeiling(price, ceiling);
        _setGasPrice(toChain, feeToken, price);
    }

    /// @notice The most that `setBaseGas` takes for `toChain`. What is above it now comes down to it.
    function setBaseGasCeiling(uint256 toChain, uint256 ceiling) external onlyOwner {
        if (ceiling > BASE_GAS_MAX) revert AboveMaximum(ceiling, BASE_GAS_MAX);
        baseGasCeiling[toChain] = ceiling;
        emit BaseGasCeilingSet(toChain, ceiling);
        if (baseGas(toChain) > ceiling) _setBaseGas(toChain, ceiling);
    }

    /// @notice The most that `setGasPrice` takes for `toChain` in `feeToken`. What is above it now comes down to it.
    function setGasPriceCeiling(uint256 toChain, address feeToken, uint256 ceiling) external onlyOwner {
        if (ceiling > GAS_PRICE_MAX) revert AboveMaximum(ceiling, GAS_PRICE_MAX);
        gasPriceCeiling[toChain][feeToken] = ceiling;
        emit GasPriceCeilingSet(toChain, feeToken, ceiling);
        if (gasPrice(toChain, feeToken) > ceiling) _setGasPrice(toChain, feeToken, ceiling);
    }

    function setPricer(address pricer_) external onlyOwner {
        _setPricer(pricer_);
    }

    function setReceiver(address receiver_) external onlyOwner {
        _setReceiver(receiver_);
    }

    /// @inheritdoc IFeeService
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver_)
    {
        return (_fee(toChain, feeToken, gasLimit, baseGas(toChain), gasPrice(toChain, feeToken)), receiver);
    }

    /// @inheritdoc IFeeService
    function getNativeFee(uint256 toChain, uint256 gasLimit) external view returns (uint256 fee) {
        Lane storage lane = _lanes[toChain];
        return _fee(toChain, address(0), gasLimit, lane.baseGas, lane.nativeGasPrice);
    }

    /// @notice What `setBaseGas` set.
    function baseGas(uint256 toChain) public view returns (uint256) {
        return _lanes[toChain].baseGas;
    }

    /// @notice What `setGasPrice` set.
    function gasPrice(uint256 toChain, address feeToken) public view returns (uint256) {
        return feeToken == address(0) ? _lanes[toChain].nativeGasPrice : _tokenGasPrices[toChain][feeToken];
    }

    function _fee(uint256 toChain, address feeToken, uint256 gasLimit, uint256 base, uint256 price)
        private
        pure
        returns (uint256)
    {
        if (base == 0 || price == 0) revert NotPriced(toChain, feeToken);
        return (base + gasLimit) * price;
    }

    /// @dev No more than `BASE_GAS_MAX`.
    function _setBaseGas(uint256 toChain, uint256 gas) private {
        _lanes[toChain].baseGas = uint128(gas);
        emit BaseGasSet(toChain, gas);
    }

    /// @dev No more than `GAS_PRICE_MAX`.
    function _setGasPrice(uint256 toChain, address feeToken, uint256 price) private {
        if (feeToken == address(0)) _lanes[toChain].nativeGasPrice = uint128(price);
        else _tokenGasPrices[toChain][feeToken] = price;
        emit GasPriceSet(toChain, feeToken, price);
    }

    function _setPricer(address pricer_) private {
        if (pricer_ == address(0)) revert ZeroAddress();
        pricer = pricer_;
        emit PricerSet(pricer_);
    }

    function _setReceiver(address receiver_) private {
        if (receiver_ == address(0)) revert ZeroAddress();
        receiver = receiver_;
        emit ReceiverSet(receiver_);
    }
}
